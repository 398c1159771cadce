"""Who or what wrote it, if it is no customer with a problem: machines, strangers, our own people; stop words.

Data only, in the notation of replies_signals.py; what follows from a match stands in replies_kind.py.
"""

from __future__ import annotations

from typing import Final

from app.domain.replies_signals import anywhere, at_start

STOP: Final = anywhere(
    r"""
    ^(?:please |pls )?stop(?: please| pls| thanks| thank you| now| it)?\W*$|(?:didnt|never|\
      did not) sign up for
    ^(?:please |pls )?remove me\W*$
    (?:stop|quit|cease) (?:t?xting|txtng|msging|messagin|textin) (?:me|us)
    ^(?:stop\W*){2,6}$
    lose (?:my|this) number|^stop all\W*$
    (?:stop|quit|cease) (?:texting|messaging|emailing|(?:sending|contacting|calling|writing) (?:me|us|\
      these|this|texts|messages|msgs)|(?:these|the|all) (?:texts|messages|msgs))
    (?:do not|dont|no|never) (?:more )?(?:text|message|contact) (?:me|us|this)\w*
    no more (?:texts|messages|msgs|sms)
    (?:take|remove) (?:me|us|my (?:number|name|phone|cell)|this number) (?:off|from|out)(?! this (?:one|\
      ticket|call))
    (?:remove|delete) (?:my|this) (?:number|phone|cell)|unsubscribe (?:me|us|this|please)
    (?<!stop to )(?<!stop 2 )opt (?:me )?out
    (?:deje|dejen|dejar|paren|pare) de (?:mandar|enviar|escribir|textear)\w*
    no me (?:escriban|llamen|texteen|manden mensajes|busquen)
    no (?:me )?(?:manden|mande|envien|envie|escriban) mas|(?:quiteme|quitenme|borreme|saquenme) de
    (?:arretez|arrete|cessez) (?:les|vos|ces) (?:textos?|messages?|sms)
    (?:arretez|arrete|cessez) de (?:menvoyer|mecrire|me texter|me contacter|nous)\w*|desabonnez|desinscri\w+
    (?:plus de|plus aucun) (?:textos?|messages?|sms)
    """,
)

AUTOMATIC_SUBJECT: Final = anywhere(
    r"""
    auto(?:matic|mated|matique|matica)?[ -]?(?:reply|response|answer)|autoreply
    (?:respuesta|reponse|contestacion) automati\w+|automatische antwort|out of (?:the )?office|ooo
    abwesenheit\w*|away from (?:the |my )?(?:office|desk)|on (?:vacation|leave|holiday)|\
      fuera de (?:la )?oficina
    absen(?:ce|t) du bureau|absente?|hors du bureau|ausen(?:te|cia)|undeliver\w+|returned to sender
    delivery (?:status|failure|has failed|incomplete|delayed)|mail delivery|returned mail|failure notice
    could not be delivered|non[ -]?remis|no entregado|message bloque
    (?:case|request|ticket|incident|demande|solicitud|caso)\b.{0,30}\b(?:created|received|opened|logged|\
      recue?|recibid[ao]|creado)
    (?:we )?(?:have )?received your (?:message|request|e?-?mail|inquiry|case)
    thank you for (?:contacting|your (?:e-?mail|message|request))|read:|not read:|read receipt
    daily (?:test|report|heartbeat)|heartbeat|test signal|accuse de reception|acuse de recibo
    """,
)

AUTOMATIC: Final = anywhere(
    r"""
    \[automat\w+\]|(?:does|do|can) not (?:accept|receive) (?:replies|texts|messages)|(?:not|isnt|\
      arent) monitored|unmonitored|thanks for (?:texting|messaging)
    away from my (?:phone|desk)
    (?:were|we are) (?:currently )?closed\b.{0,20}\b(?:well|we will|and will)
    ich bin (?:im urlaub|bis|nicht|ab|am|vom)|abwesenheit\w*
    (?:limited|intermittent|sporadic) access|mailbox is no longer|no longer (?:with the company|\
      employed)|has left the company
    our offices? (?:is|are) closed (?:for|until|today)|jury duty
    (?:reply|respond|answer|get back to you|text you back|call you back|return your \w+) \
      (?:during|in) (?:our |normal |regular )?(?:business|office|working) hours
    (?:ill|i will|we will|well) (?:get back to you|reply|respond|return your|call you) (?:soon|shortly|\
      as soon|when i|asap|later)
    (?:ill|will|well) (?:get back to you|reply|respond)\b.{0,20}\b(?:business|office|working) hours
    (?:ill|i will|we will|well) (?:get back to you|reply|respond) within \d+|sent automatically
    ^in a meeting\b.{0,30}\b(?:will|ill|cant)
    (?:im|i am) (?:in a meeting|busy|at work|in class|at the movies)\b.{0,30}\b(?:will|ill|cant talk)
    sent from my car|cant talk right now|(?:ill|i will) (?:call|text) (?:you )?(?:back )?later
    (?:team|agent|representative|colleague|specialist) will (?:get back|be in touch|contact|respond|reply)
    currently unavailable|this is the mail system|auto[ -]?(?:reply|response|responder|mated (?:reply|\
      response|message))
    automatic (?:reply|response)
    (?:im|i am|ill be|i will be) (?:currently )?(?:out of (?:the )?office|away from (?:my|the) (?:desk|\
      office)|on (?:annual |maternity |medical |paternity |parental |sick )?(?:leave|vacation|pto|holiday))
    out of (?:the )?office (?:until|till|from|through|with|and)|limited access to (?:e-?mail|my)
    (?:im|i am) driving|with do not disturb|nicht im buro|keinen zugriff|created automatically
    ill (?:get back|reply|respond) (?:to you )?(?:when|once|as soon)
    i (?:cant|cannot) (?:talk|answer|take your call)(?: right)? now
    (?:estoy|estare|estamos) (?:fuera de (?:la )?oficina|de vacaciones|ausente|conduciendo|manejando)
    (?:je suis|je serai) (?:absente?|en (?:vacances|conge)|hors du bureau|au volant)|de retour le
    delivery (?:has failed|to the following|failed)|message (?:could not be|was not) delivered
    wasnt delivered|address (?:not found|rejected)|mailbox (?:is )?full|user unknown|remote server returned
    mailer-daemon|permanent(?:ly)? fail\w*
    (?:request|message|case|inquiry|e-?mail|report)\b.{0,20}\b(?:has been|was) (?:received|logged|\
      registered|opened|created)
    (?:case|reference|request) number is
    (?:we|have) (?:have )?received your (?:message|request|e?-?mail|inquiry)
    please do not (?:reply|answer|respond) to this
    this is an auto\w+|(?:este|esta) es un[ao]? (?:mensaje|respuesta) automatic[ao]
    ceci est (?:un|une) (?:message|reponse) automatique
    (?:test signal|self test|daily test|weekly test|heartbeat).{0,60}(?:ok|normal|pass(?:ed)?|good)
    no alarms no trouble\w*
    """,
)

MACHINE_OVER: Final = anywhere(
    r"""
    return(?:ed|ing)? to normal|rtn ckt|\[\w+\] (?:rtn|cleared|restored|resolved)
    \*\*\* ?(?:cleared|restored|normal) ?\*\*\*
    (?:trouble|fault|alarm|supervisory|condition|zone) (?:restor\w+|cleared)|restoral
    back (?:in|within) (?:range|limits)
    """,
)

WRONG: Final = anywhere(
    r"""
    is this the (?:number|phone) for|who (?:dis|is this|this|is dis|r u|are you|am i)|whos this
    new phone who
    wrong (?:number|person|chat|text|group)
    (?:sent|meant|texted) (?:to|this to|for|that to) (?:the )?(?:wrong|someone else|my)|wasnt meant for
    not meant for you|numero equivocado|equivocad[oa]|mauvais numero|tromp\w+ de (?:numero|personne)
    quien es|cest qui|qui est-ce
    ^(?:hi|hey|hello|yo|um|hola)?,? ?is this (?!store|the|a|an|normal|ok|still)\w+\W*$
    ^(?:hi|hey|hello|yo)?,? ?is this still (?!the|a|an|on|going|happening|open|normal|ok|under)\w+\W*$
    its \w+ from (?:the gym|church|school|work|high school|last night)
    is this (?:still )?(?!the |a |my |your |an |store|normal|ok|going|being|how|safe)[a-z]+s?(?: number\
      | phone)?\?
    """,
)

SPAM: Final = anywhere(
    r"""
    you(?:ve| have)? won|(?:payday |business |personal |\$\d+ )loans?|(?:extended|car|vehicle) warrant\w+
    verification code|one[- ]time (?:code|password)|your code is|toll|job (?:offer|opportunity)|\
      remote (?:job|work)
    medicare|debt relief|factoring|(?:sell|buy|selling|buying) your (?:house|home|car|property)|\
      student loan\w*
    web ?(?:site)? (?:design\w*|redesign)|errors on your (?:web)?site|free (?:cruise|iphone|vacation|\
      trip|gift)|win a\b
    crypto\w*|bitcoin|casino|lottery(?! (?:machine|terminal|counter|sign|display|desk|case|kiosk))
    your (?:package|parcel)|gift ?card|get approved|pre-?approved|seo
    ha ganado|vous avez gagne
    """,
)

OFFERS_OF_SPAM: Final = 2

OFFER: Final = anywhere(
    r"""
    (?:competitive|best|lowest|great|affordable) (?:rates?|prices?|pricing)|may i send|(?:been|are) selected
    congrat\w*|you(?:ve| have)? won|winner|gift ?card|grocery card|prize|claim (?:your|in|now|it|here)
    reward|sweepstakes|lottery(?! (?:machine|terminal|counter|sign|desk))|cash ?app|limited (?:time )?offer
    special offer|exclusive (?:offer|deal)
    % off|discount\w*|for free|is free|free (?:quote|inspection|estimate|trial|consultation|demo|audit)
    act now
    book (?:a|your) free|our (?:\w+ )?experts|(?:cut|lower|reduce|slash) (?:your|ur) \w+
    this month only|hurry|https?://\S+|click (?:here|below|the link)|bit\.ly\S*|tap (?:here|the link)
    www\.\S+|loan|pre-?approved|credit score|interest rate|refinanc\w+|crypto|bitcoin|invest\w*|earn \$?\d+
    (?:businesses|restaurants|stores|companies|facilities|owners|managers) like yours
    minutes of your time|(?:boost|grow|increase|improve|double) your|we help \w+|5 star reviews
    online reviews|did you know|rebates?
    reach(?:ing)? out (?:to|because|about)|lowest price guaranteed|save (?:up to )?\d+ ?%
    may we send|my company|our company|proposal to you|commercial cleaning|good day
    unpaid|pay now|irs|(?:saw|seen|found) your (?:profile|listing|number)|be friends|local (?:roofers|\
      contractors)
    work from home|seo|backlinks|rank\w* (?:on|your)
    dear (?:facility|business|sir|property|store|valued|customer|friend)\w*|valued customer|business owner
    decision maker|(?:your|ur) (?:package|parcel|account|card|bank|amazon|netflix|apple id|paypal|usps)
    tracking|verify your|suspended|final notice|extended warranty|car warranty
    we are an? (?:leading|top|certified|professional)|leading (?:manufacturer|provider|supplier)
    manufacturer|partnership|cooperat\w+|booth|expo|webinar|register now|unsubscribe|free pass|brochure
    noticed your|in your area|could use (?:some )?work
    our catalog\w*|our (?:team|company|crews|services?|products?) (?:can|offers?|works?|helps?|specializ\w+)
    we (?:offer|specialize|provide|supply|manufacture)|schedule a (?:call|demo)|quick (?:call|chat)
    reply (?:yes|stop) to|vote|donate|campaign|election|singles|hot (?:girls|deals)|viagra|casino|felicidades
    ha ganado|gano|gratis|promocion|haga clic|felicitations|gagne|offre
    """,
)

PRIVATE: Final = anywhere(
    r"""
    (?:for |some |grab )?(?:drinks|dinner|lunch|coffee) (?:tonight|later|tomorrow|with me)
    (?:birthday|bday) (?:party|cake)|(?:u|you) still selling
    did (?:u|you) get home|bring the (?:chips|beer|food|drinks|kids)|whos number
    pick up (?:the )?(?:cake|kids|food|pizza|groceries|dog)
    saw your profile
    cover my shift|my shift|my paycheck|day off|call(?:ing)? (?:out|off) (?:sick|today|tonight)
    on for dinner
    babe|bae|(?:hey|hi|ok|love|thanks|sorry|my|hello) (?:baby|honey|hun|hon)|sweetie|sweetheart|mom|mommy
    mum|dad|daddy|grandma|grandpa|abuela|mami|papi|amor|mi vida|cherie?|mon amour|maman|love (?:you|u|ya)
    luv u|miss (?:you|u)|te amo|te quiero|je taime|happy (?:birthday|bday|anniversary)|feliz cumple\w*
    joyeux anniversaire|merry christmas|pick (?:up|me up) (?:milk|the kids|kids|dinner|eggs|bread|at)
    for dinner|dinner (?:tonight|at)|tonights? game|wanna hang|hang out|my party|soccer practice
    (?:u|you|ya) coming tonight|see (?:u|you|ya) tonight|be home|on my way home|ur house|your house
    my place|ur place|(?:some|few|grab a|couple) beers?|for lunch|lunch (?:today|tomorrow)
    doctors? appointment|(?:confirm|remind)\w* (?:you of )?your appointment|haircut
    hair appointment|cita (?:del|con el|de la|medica)
    rendez-vous (?:chez|du|de) (?:le )?(?:dentiste|medecin|coiffeur)|homework
    """,
)

# Friends meet there, and customers' staff work there: private only where nothing that we mend is named.
PRIVATE_PLACE: Final = anywhere(
    r"""
    the (?:kids|gym|game|movies?)|movie|happy hour|dentist\w*|doctors? office|daycare
    """,
)

STAFF_FIRST: Final = at_start(
    r"""
    ^(?:(?:im |i am )?on my way[,. ]+(?:\d|eta|be there)|
    accepted?\b|i have it\W*$|i got it\W*$|(?:store|customer|site|mgr|manager) (?:confirmed|
    confirms|says fixed|closed out)|
    closing #?\d{4,}|en ?route|heading (?:there|over)|
    looking into it|ill handle|got this one|spoke (?:w|with|to) (?:the )?(?:mgr|manager|store|vendor)|
    vendor (?:eta|en route|no answer|not answering)|
    no answer from|be there in \d|\d+ min(?:utes|s)? (?:out|away)|(?:ack|acked|acknowledged?|copy|
    copy that|roger|roger that|omw|pass|on it|im on it|mine|taking it|
    onsite|on site|done|esc|escalate|list|who|cmds)(?:$|[.,!]|\s+(?:#?\d{4,}|all\b|pls|thx|\d+ min|
    dispatch|now|please$))|pass to [a-z]+|(?:got|taking|i got|i have|ive got|ill take|im taking|on|
    have) (?:#?\d{4,}|
    this one|that one|the (?:ticket|call))|(?:got it|on it|im on it|taking this)[,.! ]+(?:calling|
    dispatch\w*|eta|heading|on my way|will call|vendor|sending)|(?:#?\d{4,} )?(?:eta (?:is |about |
    approx |now )?\d|(?:done|esc|escalate|pass|note|hold|take|onsite|on site|release|reopen|
    ack) #?\d{4,})|#?\d{4,} (?:done|ack|onsite|on site|mine|taken|pass)\b|im (?:on site|onsite)|
    passing (?:this|it|#?\d{4,}|to)|(?:cant|cannot)[,.]|ill take (?:it|this)|approved?(?: go ahead
    | proceed|$| (?:up to|for \$|at \$|the nte|nte|the quote|to \$?\d)|[,.] )|go ahead\b.{0,30}\b(?:repair|
    quote|proposal|work|option|order|it)\b|(?:dispatched|dispatching|paged|assigned|assigning|calling|
    called|sent) (?!back\b|about\b|again\b|twice\b|to\b|for\b|in\b|you\b|u\b|from\b|because\b|yesterday\b|
    this\b|but\b|and\b|(?:two|three|2|3) times)\w+.{0,40}\b(?:eta|now|next|callback|#?\d{4,})\b|(?:cant|
    cannot|not me)\b[,.]? .{0,60}(?:\bpass\b|\btry \w+|\bgive it to|\bbackup\b|\bask \w+)|not me\b|
    (?:dispatched|dispatching|assigned|assigning) \w+)
    """,
)

STAFF: Final = anywhere(
    r"""
    (?:pass|hand|give|reassign|transfer|escalate) (?:it|this|this one|that|them|#?\d{4,}|\
      mine) (?:on )?(?:over )?to
    (?:pass|go|over|give it|hand it) to (?:the |my )?(?:backup|back-up|\
      next(?: (?:one|person|guy|in line|level)\b|\W*$))|to (?:my|the) backup
    (?:cant|cannot|unable to|wont be able to) (?:take|cover|pick up|handle) (?:it|this|that|the (?:call|\
      page|ticket)|#?\d{4,}|my shift|calls?|pages?)
    (?:nte|quote|increase) (?:is )?approved
    (?:page|call|try|get|use) (?:the |my )?back-?up|no can do
    (?:^|, |and |n |told )(?:the )?(?:manager|mgr|store|customer) (?:knows|is aware|aware|notified|\
      informed|is informed)
    vendor (?:is )?(?:\d+|an hour) ?(?:min\w*|hours?|hrs?)? ?(?:out|away)
    vendor (?:says|said|can be there|will be there)|(?:take|get) me off this one
    has the phone|not on call|(?:im|i am) off (?:tonight|today|this week|shift)|handing (?:it |this )?off
    calling (?!you\b|u\b|back\b|about\b|to\b|for\b|in\b|from\b|because\b|again\b|this\b|my\b|\
      our\b)(?:the )?\w+(?: \w+)? now
    told the (?:store|customer|site)|(?:texted|called|emailed) the (?:store|site|customer)\b.{0,40}\beta\b
    vendor (?:accepted|confirmed|assigned|declined|dispatched|callback|on the way)
    (?:cant|cannot) (?:do|get to|make) (?:it|this|that)(?: one)?
    per (?:dispatch\w*|vendor|the vendor)
    """,
)

STAFF_SIGNATURE: Final = anywhere(
    r"""
    (?:account|service|duty|operations) manager, (?!.{0,20}store)[a-z]+ (?:facilit\w+|services?)
    on-?call (?:manager|coordinator)
    """,
)
