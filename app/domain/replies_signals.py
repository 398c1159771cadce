"""The patterns by which replies_kind tells messages apart. Data only.

They match folded text: lower case, no accents, no apostrophes, single spaces. English, Spanish, French.
"""

from __future__ import annotations

import re
from typing import Final


def _any(*patterns: str, start: bool = False) -> re.Pattern[str]:
    joined = "|".join(patterns)
    return re.compile(rf"(?:{joined})" if start else rf"(?<!\w)(?:{joined})(?!\w)")


_HE: Final = (
    r"(?:he|she|they|guy|guys|dude|man|lady|crew|crews|tech|techs|technician|plumber|electrician|contractor|vendor"
    r"|someone|somebody|anyone|anybody|help|driver|locksmith|repair\w*|roofer|mechanic|team|cleaners?"
    r"|service|exterminator|installer)"
)
_EL: Final = (
    r"(?:tecnico|plomero|electricista|cerrajero|senor|muchacho|muchachos|alguien|personal|equipo|hombre)"
)
_IL: Final = r"(?:technicien|plombier|electricien|gars|reparateur|equipe|serrurier|monsieur|quelquun|livreur)"

STOP: Final = _any(
    r"(?:stop|quit|cease) (?:texting|messaging|sending|contacting|calling|emailing|these|the) ?(?:me|us|this|texts|messages|msgs)?",
    r"(?:do not|dont|no|never) (?:more )?(?:text|message|contact) (?:me|us|this)\w*",
    r"no more (?:texts|messages|msgs|sms)",
    r"(?:take|remove) (?:me|us|my (?:number|name|phone|cell)|this number) (?:off|from|out)",
    r"(?:remove|delete) (?:my|this) (?:number|phone|cell)",
    r"unsubscribe (?:me|us|this|please)|opt (?:me )?out",
    r"(?:deje|dejen|dejar|paren|pare) de (?:mandar|enviar|escribir|textear)\w*",
    r"no (?:me )?(?:manden|mande|envien|envie|escriban) mas",
    r"(?:quiteme|quitenme|borreme|saquenme) de",
    r"(?:arretez|arrete|cessez) de (?:menvoyer|mecrire|me texter|me contacter|nous)\w*|desabonnez|desinscri\w+",
    r"(?:plus de|plus aucun) (?:textos?|messages?|sms)",
)

AUTOMATIC_SUBJECT: Final = _any(
    r"auto(?:matic|mated|matique|matica)?[ -]?(?:reply|response|answer)|autoreply",
    r"(?:respuesta|reponse|contestacion) automati\w+|automatische antwort",
    r"out of (?:the )?office|ooo|away from (?:the |my )?(?:office|desk)|on (?:vacation|leave|holiday)",
    r"fuera de (?:la )?oficina|absen(?:ce|t) du bureau|absente?|hors du bureau|ausen(?:te|cia)",
    r"undeliver\w+|returned to sender|delivery (?:status|failure|has failed|incomplete|delayed)|mail delivery|returned mail",
    r"failure notice|could not be delivered|non[ -]?remis|no entregado|message bloque",
    r"(?:case|request|ticket|incident|demande|solicitud|caso)\b.{0,30}\b(?:created|received|opened|logged|recue?|recibid[ao]|creado)",
    r"(?:we )?(?:have )?received your (?:message|request|e?-?mail|inquiry|case)|thank you for (?:contacting|your (?:e-?mail|message|request))",
    r"read:|not read:|read receipt|daily (?:test|report|heartbeat)|heartbeat|test signal",
    r"accuse de reception|acuse de recibo",
)
AUTOMATIC: Final = _any(
    r"\[automat\w+\]|(?:does|do|can) not (?:accept|receive) (?:replies|texts|messages)|not monitored|away from my (?:phone|desk)|(?:ill|i will|we will|well) (?:get back to you|reply|respond|return your) (?:soon|shortly|as soon|when i|asap|later)|(?:team|agent|representative|colleague|specialist) will (?:get back|be in touch|contact|respond|reply)|this is the mail system|auto[ -]?(?:reply|response|responder|mated (?:reply|response|message))|automatic (?:reply|response)",
    r"(?:im|i am|ill be|i will be|am|is|be|currently|hes|shes) (?:currently )?(?:out of (?:the )?office|away from (?:my|the) (?:desk|office)|on (?:annual |maternity |medical |paternity |parental |sick )?(?:leave|vacation|pto|holiday))",
    r"out of (?:the )?office (?:until|till|from|through|with|and)|limited access to (?:e-?mail|my)",
    r"(?:im|i am) driving|driving (?:right )?now|with do not disturb|ill (?:get back|reply|respond) (?:to you )?(?:when|once|as soon)",
    r"i (?:cant|cannot) (?:talk|answer|take your call)(?: right)? now",
    r"(?:estoy|estare|estamos) (?:fuera de (?:la )?oficina|de vacaciones|ausente|conduciendo|manejando)",
    r"(?:je suis|je serai) (?:absente?|en (?:vacances|conge)|hors du bureau|au volant)|de retour le",
    r"delivery (?:has failed|to the following|failed)|message (?:could not be|was not) delivered|wasnt delivered|address (?:not found|rejected)",
    r"mailbox (?:is )?full|user unknown|remote server returned|mailer-daemon|permanent(?:ly)? fail\w*",
    r"(?:has been|was|been) (?:received|logged|registered|opened|created) (?:and|under|as|with)|(?:your|case|reference|ticket) number is",
    r"(?:we|have) (?:have )?received your (?:message|request|e?-?mail|inquiry)|please do not (?:reply|answer|respond) to this",
    r"(?:we are|were|office is) (?:currently |now )?closed (?:right now|at the moment|for)|(?:reply|respond|get back to you) (?:during|within|in) (?:normal |regular |our )?(?:business|office|\d+)",
    r"this is an auto\w+|(?:este|esta) es un[ao]? (?:mensaje|respuesta) automatic[ao]|ceci est (?:un|une) (?:message|reponse) automatique",
    r"(?:test signal|self test|daily test|weekly test|heartbeat).{0,60}(?:ok|normal|pass(?:ed)?|good)|no alarms",
)
MACHINE_OVER: Final = _any(
    r"return(?:ed|ing)? to normal|rtn ckt|\[\w+\] (?:rtn|cleared|restored|resolved)|\*\*\* ?(?:cleared|restored|normal) ?\*\*\*",
    r"(?:trouble|fault|alarm|supervisory|condition|zone) (?:restor\w+|cleared|reset)|restoral|back (?:in|within) (?:range|limits)",
)
WRONG: Final = _any(
    r"who (?:dis|is this|this|is dis|r u|are you|am i)|whos this|new phone who|wrong (?:number|person|chat|text|group|guy|one)",
    r"(?:sent|meant|texted) (?:to|this to|for|that to) (?:the )?(?:wrong|someone else|my)|wasnt meant for|not meant for you",
    r"numero equivocado|equivocad[oa]|mauvais numero|tromp\w+ de (?:numero|personne)|quien es|cest qui|qui est-ce",
    r"^(?:hi|hey|hello|yo|um|hola)?,? ?is this (?!store|the|a|an|normal|ok|still)\w+\W*$|its \w+ from (?:the gym|church|school|work|high school|last night)|is this (?:still )?(?!the |a |my |your |an |store|normal|ok|going|being|how|safe)[a-z]+s?(?: number| phone)?\?",
)
SPAM: Final = _any(
    r"you(?:ve| have)? won|(?:payday |business |personal |\$\d+ )loans?|(?:extended|car|vehicle) warrant\w+|crypto\w*|bitcoin|casino|lottery|your (?:package|parcel)|gift ?card|get approved|pre-?approved|seo|ha ganado|vous avez gagne",
)
OFFERS_OF_SPAM: Final = 2
OFFER: Final = _any(
    r"congrat\w*|you(?:ve| have)? won|winner|gift ?card|grocery card|prize|claim (?:your|in|now|it|here)|reward|sweepstakes|lottery|cash ?app",
    r"limited (?:time )?offer|special offer|exclusive (?:offer|deal)|% off|discount\w*|for free|is free|free (?:quote|inspection|estimate|trial|consultation|demo)|act now|this month only|hurry",
    r"https?://\S+|click (?:here|below|the link)|bit\.ly\S*|tap (?:here|the link)|www\.\S+",
    r"loan|pre-?approved|credit score|interest rate|refinanc\w+|crypto|bitcoin|invest\w*|earn \$?\d+|work from home|seo|backlinks|rank\w* (?:on|your)|leads",
    r"dear (?:facility|business|sir|property|store|valued|customer|friend)\w*|valued customer|business owner|decision maker",
    r"(?:your|ur) (?:package|parcel|account|card|bank|amazon|netflix|apple id|paypal|usps)|tracking|verify your|suspended|final notice|extended warranty|car warranty",
    r"we are an? (?:leading|top|certified|professional)|leading (?:manufacturer|provider|supplier)|manufacturer|partnership|cooperat\w+|booth|expo|webinar|register now|unsubscribe|free pass|brochure|our catalog\w*|our (?:team|company|crews|services?|products?) (?:can|offers?|works?|helps?|specializ\w+)|we (?:offer|specialize|provide|supply|manufacture)|schedule a (?:call|demo)|quick (?:call|chat)",
    r"reply yes to|vote|donate|campaign|election|singles|hot (?:girls|deals)|viagra|casino|felicidades|ha ganado|gano|gratis|promocion|haga clic|felicitations|gagne|offre",
)
PRIVATE: Final = _any(
    r"babe|bae|(?:hey|hi|ok|love|thanks|sorry|my|hello) (?:baby|honey|hun|hon)|sweetie|sweetheart|mom|mommy|mum|dad|daddy|grandma|grandpa|abuela|mami|papi|amor|mi vida|cherie?|mon amour|maman",
    r"love (?:you|u|ya)|luv u|miss (?:you|u)|te amo|te quiero|je taime|happy (?:birthday|bday|anniversary)|feliz cumple\w*|joyeux anniversaire|merry christmas",
    r"pick (?:up|me up) (?:milk|the kids|kids|dinner|eggs|bread|at)|for dinner|dinner (?:tonight|at)|tonights? game|movie|wanna hang|hang out|my party|soccer practice|coming tonight|see (?:u|you|ya) tonight|be home|on my way home|the gym|ur house|your house|my place|ur place|happy hour|(?:some|few|grab a|couple) beers?|for lunch|lunch (?:today|tomorrow)",
    r"dentist\w*|doctors? (?:appointment|office)|(?:confirm|remind)\w* (?:you of )?your appointment|haircut|hair appointment|cita (?:del|con el|de la|medica)|rendez-vous (?:chez|du|de) (?:le )?(?:dentiste|medecin|coiffeur)|homework|daycare|the kids",
)

STAFF: Final = re.compile(
    r"^(?:ack|acked|acknowledged?|copy|copy that|roger|roger that|omw|pass|on it|im on it|mine|taking it|onsite|on site|done|esc|escalate|list|who|cmds)"
    r"(?:$|[.,!]|\s+(?:#?\d{4,}|all\b|pls|thx|\d+ min|dispatch|please$))"
    r"|^(?:got|taking|i got|i have|ive got|ill take|im taking|on|have) (?:#?\d{4,}|this one|that one|the (?:ticket|call))"
    r"|^(?:got it|on it|im on it|taking this)[,.! ]+(?:calling|dispatch\w*|eta|heading|on my way|will call|vendor|sending)"
    r"|^(?:#?\d{4,} )?(?:eta (?:is |about |approx |now )?\d|(?:done|esc|escalate|pass|note|hold|take|onsite|on site|release|reopen|ack) #?\d{4,})"
    r"|^#?\d{4,} (?:done|ack|onsite|on site|mine|taken|pass)\b|^passing (?:this|it|#?\d{4,}|to)"
    r"|\b(?:pass|hand|give|reassign|transfer|escalate) (?:it|this|this one|that|them|#?\d{4,}|mine) (?:on )?(?:over )?to\b"
    r"|\b(?:pass|go|over|give it|hand it) to (?:the |my )?(?:backup|back-up|next)\b|\bto (?:my|the) backup\b"
    r"|\b(?:cant|cannot|unable to|wont be able to) (?:take|cover|pick up|handle) (?:it|this|that|the (?:call|page|ticket)|#?\d{4,}|my shift|calls?|pages?)\b"
    r"|^approved?(?: (?:up to|for \$|at \$|the nte|nte|the quote|to \$)|[,.] )|\b(?:nte|quote|increase) (?:is )?approved\b|^go ahead\b.{0,30}\b(?:repair|quote|proposal|work|option|order|it)\b"
    r"|^(?:dispatched|dispatching|paged|assigned|assigning|calling|called|sent) (?!back\b|about\b|again\b|twice\b|to\b|for\b|in\b|you\b|u\b|from\b|because\b|yesterday\b|this\b|but\b|and\b|(?:two|three|2|3) times)\w+.{0,40}\b(?:eta|now|next|callback|#?\d{4,})\b"
    r"|\bcalling (?!you\b|u\b|back\b|about\b|to\b|for\b|in\b|from\b|because\b|again\b|this\b|my\b|our\b)(?:the )?\w+(?: \w+)? now\b"
    r"|\btold the (?:store|customer|site)\b|^(?:cant|cannot|not me)\b[,.]? .{0,60}(?:\bpass\b|\btry \w+|\bgive it to|\bbackup\b|\bask \w+)|^not me\b|^(?:dispatched|dispatching|assigned|assigning) \w+|\bvendor (?:accepted|confirmed|assigned|declined|dispatched|callback)\b|\bper (?:dispatch\w*|vendor|the vendor)\b",
)
STAFF_SIGNATURE: Final = _any(
    r"(?:account|service|duty|operations) manager, (?!.{0,20}store)[a-z]+ (?:facilit\w+|services?)|on-?call (?:manager|coordinator)",
)
ASKED_SUBJECT: Final = _any(
    r"(?:please )?confirm (?:closure|completion|that|if|it)|is it (?:fixed|ok|resolved)|confirmar (?:cierre|el cierre)|confirmer|marked (?:as )?(?:fixed|complete|done)|closed\?"
)
THUMB_DOWN: Final = re.compile(r"^(?:\U0001f44e|2[.!]?$)")
_PRONOUN: Final = r"(?:it|its|it is|it just|that|thats|this|they|he|she|same thing)"
NOT_FIXED: Final = _any(
    r"(?:not|isnt|aint|wasnt|never|hasnt been|havent been|is not) (?:been |got |gotten |even |really |completely |fully |yet |quite )?(?:fixed|resolved|repaired|solved|completed?|any better|finished)",
    rf"{_PRONOUN} (?:is |are |was )?(?:not|isnt|still not|still isnt|not even) (?:working|done|right|good|clean|cold|ok)",
    r"^(?:still|yes still|well still) (?!waiting|no one|nobody|no eta|need|coming|there|no \w+ here)\w+|still (?:not (?:fixed|right|working right)|having (?:the )?same|the same|busted|acting up)",
    r"(?:didnt|did not|couldnt|never) (?:really |even |actually )?(?:fix|repair|solve|resolve|help)\w*|(?:fixed|replaced|repaired|cleaned) the wrong|made it worse|worse than before",
    r"same (?:as before|puddle|story|as (?:it was )?(?:yesterday|this morning|ever))|back to (?:how it was|square one)|exact(?:ly)? (?:the )?same",
    r"(?:do not|dont|cant|cannot|not ready to|rather not) close(?: (?:it|this|the (?:ticket|case|order)|out))?(?=[.,!]|$| (?:it|this|out|the (?:ticket|case|order)))|re-?open (?:it|this|the (?:ticket|case|order))",
    rf"{_PRONOUN} (?:\w+ )?(?:happen\w*|broke|leak\w*|broken|start\w*|went out|quit|doing it|doing the same|acting up|stopped|drip\w*) (?:right |up |working )?(?:back )?again|(?:it|that|this|leak|problem|noise|smell) (?:just )?came (?:right )?back(?! on)|came (?:right )?back (?:again|an|after|the next|a |as soon|right|within)|doing (?:it|the same|the same thing) again|doing the same",
    r"(?:came|said|fixed|left|replaced|was here|fixed it|looked at it|was out) .{0,50}\bbut .{0,30}(?:still|again|not|isnt|doesnt|wont|no\b)",
    r"(?:sigue|siguen) (?:igual|mal|goteando|tirando|descompuest\w+|rot[oa]|fallando|sin)|no (?:lo|la|los|las) (?:arreglo|arreglaron|repararon|arreglan|compuso|compusieron)|no (?:quedo|quedaron|esta) (?:bien|arreglad\w|list\w|reparad\w)|(?:todavia|aun) no (?:sirve|funciona|esta|queda)|no (?:sirve|funciona) (?:todavia|aun)|igual que antes|lo mismo de antes",
    r"toujours (?:pas(?! de nouvelles)|le meme|la meme|brise|casse|en panne)|(?:nest|cest|est|cetait) pas (?:encore )?(?:regle|repare|fini|corrige|resolu|fixe)e?|^pas (?:encore )?(?:regle|repare|fini|corrige|resolu)|(?:coule|fuit|brise|bouche) encore|meme probleme|ne fermez pas|pareil quavant",
)
NO: Final = re.compile(
    r"^(?:(?:um+|uh+|well|sorry|hi|hello|bonjour|hola)[,. ]+)*(?:no+|nope|nah|non|negative|nop|not really|not yet|2)"
    r"(?:[.!,;:?]|$|\s*[-]|\s+(?:no|nope|still|its|it|the problem|the same|same|not|nothing|never|they|he|she|we|i|that|this|"
    r"sorry|thats|again|worse|sir|maam|it(?:s|) |todavia|aun|sigue|esta|esto|quedo|toujours|encore|cest|ca|pas|#?\d{4,})(?:\W|$))",
)
YES: Final = re.compile(
    r"^(?:(?:um+|uh+|hi|hello|hey|bonjour|hola|thanks|thank you|gracias|merci)[,.! ]+)*"
    r"(?:yes+|yep|yup|yeah|yea|yessir|y(?=\W*$|[,.!]| #?\d)|si+|sip|oui|ouais|confirmed?|confirmado|confirme|affirmative|1)"
    r"(?:[.!,;]|$|\s*[-]|\s+(?!but\b|when\b|where\b|how\b|can\b|could\b|please send\b|pero\b|mais\b))",
)
FIXED: Final = _any(
    r"(?:its|it is|is|are|was|everythings?|everything is|all|been|got|gets|theyre|looks|look|seems|works|working|holding) (?:now |all |been |finally |completely |totally |just )?(?:fixed|working|resolved|repaired|done|good|ok|okay|solved|completed?|clean|cold|taken care of|sorted|set|great|fine|perfect|beautiful\w*|up and running|running)(?: now| again)?",
    r"(?:works|working|running|flushes|drains|cools|closes|opens|locks) (?:now|again|great|fine|perfectly|perfect|like new|good)|(?:it|all|everything|unit|that) works|fixed",
    r"up and running|good as new|no (?:more )?(?:leaks?|issues?|problems?|noise|drips?|smell) (?:anymore|any more|now|since)|no more (?:leaks?|issues?|problems?|noise|drip\w*|smell)",
    r"(?:can|please|ok to|go ahead and|you can|may|pls) (?:be )?close[d]?(?: (?:it|this|the ticket|out))?(?=[.,!]|$| (?:it|this|out|the (?:ticket|case|work order)))|close (?:the ticket|the case)",
    r"(?:ya )?(?:quedo|quedaron|esta|estan|funciona|sirve|jala) (?:todo |muy )?(?:bien|list[oa]|arreglad\w+|perfecto|funcionando|reparad\w+)|(?:ya|todo) (?:funciona|sirve|bien|jala|listo)|arreglado|solucionado|resuelto|pueden cerrar",
    r"(?:cest|tout est|est) (?:bon|beau|regle|repare|correct|parfait|fini|ok)e?|(?:ca|tout) (?:marche|fonctionne)|(?:bien )?regle|vous pouvez fermer",
)
CHASE: Final = _any(
    r"(?:any|whats?(?: is)?(?: the| ur| your)?|need an?|got an?|have an?|still no|no) (?:eta|e\.t\.a\.?)|^eta(?: pls| please)?\W*$|eta\s?\?+",
    r"(?:any|no|get|got|have|an|some) (?:updates?|news|word|status|progress|idea when|response|luck)(?= yet| on\b| about| pls| please|\W*$|\?| from)|(?:a |the )?(?:status|update)(?: check| pls| please)?\s?\?+|^(?:status|update)(?: pls| please| check)?\W*$|status (?:check|of|on)|(?:get|have|need|want|for|the|a) (?:a |an )?status",
    r"(?:what|whats) (?:is )?(?:the|our|ur|your) (?:status|hold ?up|story|latest|progress)|checking (?:in|on|status|the status|up)|(?:calling|check|call|asking|ask|follow\w*) (?:for|on|about|up)? ?(?:a |the )?(?:status|update)|following[ -]?up|follow up on|where (?:we are|are we|we stand|things stand)|(?:heard|hear) (?:back|anything|nothing|from (?:you|anyone|anybody))",
    rf"where(?:s| is| are| r|re| the)? (?:the |my |our |ur |your |that |this )?{_HE}\b|where (?:are|r) (?:you|u|they|ya)",
    rf"(?:is|are|r|has|have|did|will|was|were|when (?:is|are|will|s)?|whens|what time(?: is| are| will| should| can)?|how (?:long|soon|much longer)(?: before| until| till| for| is| are| will)?) (?:the |my |our |ur |your |any )?(?:{_HE}|you|u|ya|yall|one) (?:guys )?(?:even |still |ever |actually |going to |gonna |supposed to |expected to |be |on |is |are |will )*(?:com(?:e|ing|in)|arriv\w+|here(?= yet|\?|$)|show\w*|get(?:ting)? (?:here|there)|(?:be )?there|(?:the|their|his|her|your|ur) way|heading|sent|dispatched)",
    rf"(?:nobody|no one|noone|none|no {_HE}) (?:has |have |ever |is |still |did |yet |even )*(?:came|come|coming|show\w*|here|arrived|called|contacted|answer\w*|responded|been (?:here|out|by)|shown)|{_HE} (?:still )?(?:hasnt|havent|has not|have not|never|didnt|did not|no|isnt here|not here)(?: even| ever| yet| been)*(?: (?:came|come|show\w*|here|arrived?|call\w*|contact\w*|answer\w*|shown|yet|back))",
    rf"no[ -]?shows?|never (?:showed|arrived|called)|no (?:call ?back|answer|reply|show|sign of)|(?:still )?(?:nobody|no one|no {_HE})(?: here| yet|\W*$)|(?:supposed|scheduled|promised|meant) to (?:be here|come|arrive|show|have (?:been|come|someone))|(?:was|were|been|got) (?:told|promised)\b.{{0,60}}\b(?:by|at|hours?|hrs?|today|yesterday|here|coming|arrive)|(?:said|told (?:me|us)|promised)\b.{{0,30}}\b(?:hours?|hrs?|minutes?|mins?|by (?:noon|\d))",
    r"still waiting(?! for (?:the )?parts)|(?:been|we(?:ve| have)? been|ive been) waiting|waiting (?:since|on|\d|an hour|hours|for(?: over| more than)? (?:\d|an?|hours|over|someone|somebody|you|u))(?! cannot)|how (?:much )?longer|how long (?:is|will|do|until|till|before|does) ",
    r"(?:second|third|fourth|fifth|2nd|3rd|4th|5th) (?:call|text|e-?mail|message|request|attempt|notice|time (?:i|we|im|ive|asking|calling|writing|texting|messaging))|^(?:second|third|fourth|2nd|3rd|4th) time|(?:called|texted|written|asked|reported|emailed)\b.{0,25}\b(?:twice|times|already|yesterday|hours? ago|hrs ago)|^(?:hello|hey|helo|hola|allo|bonjour|yo)?\s*[?!]*\?+[?!]*$|^(?:hello|hey|hola|allo)\s*[?!]{2,}|(?:any|some)(?:one|body) (?:there|home|alive|reading|coming)|(?:did|have) (?:you|u|anyone|yall) (?:guys )?(?:get|got|see|read|forget|gotten|forgotten|receive)|forgot about us|even coming|what is going on with",
    r"(?:part|parts) (?:came|come|arrive\w*|get) (?:in|yet)|(?:whos|who is|who s) coming|when (?:is|are|will|can|does|should) (?:someone|somebody|the (?:tech|guy|plumber)|he|they)\b|when (?:are|r|will) (?:you|u|ya|yall)(?: guys)? (?:be |get |going to |gonna )*(?:com(?:e|ing)(?! back in)|here|there|arriv\w+|show\w*|heading|sending)",
    r"(?:a que hora|cuando|a q hora|ya|en cuanto tiempo|cuanto (?:falta|tiempo|tardan?|mas)) ?(?:se )?(?:para que )?(?:va a |van a |va |van )?(?:viene|vienen|venir|vendra|vendran|llegan?|llegar\w*)|cuanto (?:falta|tardan|tarda)|(?:viene|va a venir|llega|mandaron|van a mandar) (?:ya )?(?:alguien|un tecnico|el \w+)\s?\?",
    r"nadie (?:ha |a )?(?:venido|llegado|llego|llega|viene|vino|contesta|responde|aparecido|aparece)|no (?:ha |han )?(?:venido|llegado|llego|llega|aparecido|aparece|vino nadie)|(?:seguimos|sigo|estamos|todavia|aqui) esperando|llev\w+ (?:\w+ ){1,3}esperando|(?:donde esta|por donde viene|donde viene)n?|alguna noticia|hay noticias|novedades|que paso con (?:el|la) (?:tecnico|plomero|electricista|visita|orden|reporte)",
    r"(?:quand|a quelle heure|dans combien de temps|vers quelle heure)\b.{0,40}(?:arriv\w+|vien\w+|passe\w*|venir|serez|va venir)|(?:arrivez|venez|passez|arrive|vient)(?:-vous| il| ils)? (?:la )?quand|toujours (?:personne|en attente|pas de nouvelles|aucune nouvelle)|personne (?:nest|nous|na rappele|encore)|(?:on|nous) (?:vous )?attend\w*|jattends|des nouvelles|ou (?:en est|en sont) |ca fait .{0,20}heures?",
)
# Only where no trouble and no thing that breaks is named: what else would they be asking about?
CHASE_WEAK: Final = _any(
    r"(?:been|its been|it has been) (?:all (?:day|morning|night|week)|\w+ (?:hours?|hrs?|days?|weeks?)|over|forever|like|almost|more)",
    r"(?:you|u|they|he|she|yall|someone|dispatch) (?:guys )?(?:said|told|promised)",
    r"(?:know|tell (?:me|us)|let (?:me|us) know|idea|ask|wondering|confirm|if) (?:when|if|what time|whether|how long|someone|somebody|anyone|anybody|about when)\b",
    r"(?:call|text|get) (?:me|us|back to (?:me|us)) back|call ?back|get back to (?:me|us)|^(?:any ?thing|any ?one|any ?body|status|updates?|news|so|well|eta|time)(?: yet| new| please| pls)?\W*$",
    r"(?:provide|need|give (?:me|us)|want|send|have|get) (?:an?|the|your|some) (?:eta|arrival|time ?frame|time|window|update|estimate)|arrival time|(?:when|what time) (?:can|should|do|could|will|would) (?:we|i)\b|expect (?:him|her|them|someone|somebody|you|the|a)\b",
    r"(?:assigned|scheduled|dispatched|coming|on (?:the|his|their|your) way|show(?:ing)? up|be here|get here|got here|arriv\w+|on schedule)",
    r"(?:tecnico|plomero|electricista|cerrajero|alguien|viene|vienen|llega|llegan|tard\w+|llev(?:o|amos|an) \w+|esperando|horas?|todavia nada|aun nada|cuando|que paso)",
    r"(?:technicien|plombier|electricien|quelquun|arriv\w+|sen vien\w*|en route|attend\w*|ou|quand|combien de temps|nouvelles)",
)
CHASE_SUBJECT: Final = _any(
    r"still waiting|status\??|(?:any|an) update\??|follow(?:ing)?[ -]?up|checking in|(?:2nd|second|third|3rd|final) (?:request|notice|attempt|reminder)|when\?|seguimiento|suivi|where (?:is|are)",
)
THANKS: Final = _any(
    r"thanks?|thankyou|thx|thks|tks|tnx|ty|tysm|thank u|appreciate\w*|cheers|gracias|grax|merci|god bless",
    r"(?:great|good|awesome|nice|excellent|amazing|fantastic|super|wonderful) (?:job|work|service|guy|guys|tech)|(?:was|were) (?:great|wonderful|amazing|awesome|fantastic|very nice|so nice|so helpful)|praise|kudos|shout ?out|well done|you (?:guys )?rock|buen trabajo|muy amables?|bon travail|excelente servicio|beau travail",
    r"\U0001f44d|\U0001f64f|\U0001f44c|\u2764|\U0001f60a|\U0001f600|\U0001f44f",
)
THANKS_FIRST: Final = re.compile(
    r"^(?:(?:hi|hey|hello|this is \w+|its \w+|just|calling|texting|wanted|want|to|say|a|word of|many|muchas|mil|oh|ok|okay|and|great|super|i|we)[,! ]+)*"
    r"(?:thanks?|thankyou|thx|thks|tks|ty\b|tysm|thank u|appreciate|cheers|gracias|merci|praise|kudos|shout ?out|great (?:job|work)|good (?:job|work)|\U0001f44d|\U0001f64f|\U0001f44c|\u2764)",
)
AGREED: Final = re.compile(
    r"^(?:ok+|okay|k+|kk|cool|great|perfect|awesome|sounds good|sweet|nice|got it|gotcha|noted|understood|will do|alright|alrighty|thats (?:great|fine|good|perfect|ok)|that is (?:great|fine)"
    r"|np|no prob|perfecto|vale|dale|bueno|entendido|de acuerdo|parfait|daccord|super|genial|excellent|received|sure|no problem|no worries|works for (?:me|us)|that works|see (?:you|u) (?:then|soon)|\d{1,2} ?(?:am|pm)? (?:works|is (?:fine|good)))(?:[.,!]| ?-| |$)",
)
WANTS: Final = _any(
    r"(?:can|could|would|will) (?:you|u|someone|somebody|we|i|yall|they)|need|needs|please (?:send|have|call|raise|schedule|advise|fix)|pls (?:send|call|fix)|how (?:much|do|can|many)|when (?:is|are|do|does|will)|what (?:is|are|time|do)|quote|price|proposal|schedule|invoice|pueden|podrian|necesit\w+|pouvez|besoin|soumission|cotizacion|price|pricing"
)

UPDATE: Final = _any(
    r"\([2-9]/[2-9]\)|forgot to (?:say|mention|add|tell|include)|add(?:ing|itional|ition)? (?:info\w*|details?|note)?(?: ?(?:to|for|on)) (?:the|my|our|this|that) (?:ticket|report|case|order|last|earlier|request)|additional info\w*|(?:pictures?|photos?|pics?|fotos?)\b.{0,25}\b(?:attached|as (?:asked|requested)|adjunt\w+|joint\w*)|(?:my bad|sorry|oops|correction)[,: ]+(?:i meant|its|its actually|wrong|meant|that was|store|aisle|the)\b|i meant|(?:not|its) (?:store )?\d+ not \d+",
    r"^update ?[:\-,]|re(?:garding)? (?:my|our|the) (?:earlier|last|previous|first)|(?:my|our|the|that) (?:earlier|last|previous|first) (?:text|message|call|report|email|ticket)|me again|(?:called|reported|texted|wrote|sent|told you) (?:in |about )?(?:earlier|before|this morning|last night|about an hour ago)|about the (?:\w+ ){1,3}(?:i|we) (?:called|reported|texted)|(?:on|for|about) the (?:open )?ticket|from (?:earlier|before)",
    r"^(?:actually |ok |oh |hey |hi |pls |please |so )*(?:nvm|nevermind|never mind|false alarm|disregard|ignore (?:my|that|the|last)|scratch that|cancel (?:it|the|that|this|my|our|pls|please|[,.]|visit)|cancel$|cancel,)|(?:dont|do not|no longer) (?:need (?:to (?:come|send)|you|u|him|them|anyone|anybody|someone|the|a)|bother|send|have to come)|no need (?:to|for)|(?:pls|please) cancel|olvidel?o|ya no (?:hace falta|necesit\w+|es necesario|venga|vengan|manden)|falsa alarma|(?:cancelen?|pueden cancelar)|plus besoin|annulez|fausse alerte|laissez (?:faire|tomber)",
    rf"(?:the |your |ur |that |our )(?:[\w-]+ ){{0,3}}?{_HE} (?:is |are |was |just |has |have |already |finally )*(?:here|left|leaving|said|says|arrived|showed up|on site|told|needs|wants|cant|found|ordered|gone|coming back|went)|^(?:tech|techs|plumber|electrician|guy|vendor|crew) (?:is |are |just |has |finally )*(?:left|here|said|says|needs|found|ordered|told|arrived|coming back)|(?:fire (?:dept|department)|police|cops|utility|gas company) (?:is|are|just) (?:here|left|on site|came)",
    r"still need (?:someone|somebody|you|u|him|them|a|the) (?!quote|price)|(?:work order|wo) ?#?\d{3,}|not[ -]to[ -]exceed|parts? (?:is|are|on|was|were|has been|will be) (?:on )?(?:order|back ?order\w*|ordered|shipped|in transit|delayed|in stock)|on back ?order|rescheduled",
    r"(?:la|lo|el) de (?:hace rato|antes|la manana|anoche)|se me olvido|olvide (?:decir|mencionar)|actualizacion|^(?:el|su) (?:tecnico|plomero|electricista|senor|muchacho) (?:ya )?(?:esta|dijo|dice|se fue|vino|llego|necesita)",
    r"(?:le |votre )(?:technicien|plombier|electricien|gars) (?:est|dit|a dit|vient de|veut|a besoin)|mise a jour|jai oublie|pour faire suite|suite a (?:mon|notre)",
)
UPDATE_WEAK: Final = _any(
    r"(?:came|come|went|is|are|just came|came right|its) (?:right |just )?back (?:on|up|online|by itself)|back on(?: now)?$|(?:stopped|quit|cleared|drained|went away|reset|shut off|let up|came back|fixed itself|went off|works)? ?(?:by itself|on its own|by themselves)|(?:has|have|it) (?:now |just )?(?:stopped|cleared|went away|slowed)(?! working| cooling| making| running)|(?:stopped|gone|cleared|better|quiet|dry) now|gone now",
    r"(?:getting|got|gotten|become|becoming|its|is|even) (?:much |a lot |way |even |lot )?(?:worse|better|bigger now)|(?:spread\w*|reach(?:ed|ing)|moved|made it) (?:in)?to (?:the|our)|reached (?:the|our)|(?:now|up|down|dropped|climbed|risen) to \d|not just (?:one|the)|(?:found|turned off|shut off|shut|located) (?:the )?(?:valve|main|shut ?off|water|breaker)\b|found the (?:key|valve|shut ?off|breaker|switch)",
    r"(?:calling|texting|writing) back|(?:you|u) asked (?:for|about|me)|as (?:discussed|requested|asked)|just letting (?:you|u) know|(?:this|that|it)(?: is|s| was)? (?:is |was )?for store|that was store|(?:u|you) can cancel|so cancel|(?:the )?landlord",
    r"^now\b|\bnow$|^more (?:water|smoke|leaks?|tiles?|people)|(?:slowed|slowing|recovering|improv\w+|kicked (?:back )?on|drying|cooling (?:back )?down)|(?:spread\w*|moving|moved) (?:in)?to|showed up|(?:temp\w*|it|water|level) (?:is |went |has gone |gone )?(?:now )?(?:down|up) to|getting (?:worse|better)|got worse|^(?:he|she|they|guy|tech|plumber|electrician)(?:s| is| was| has| just| already| showed| says| said| cant| needs| left| went| found)? ",
    r"manager on duty|(?:we|store) closes? at|(?:my|his|her) (?:cell|number|phone) is|^ahora|tambien|a arrete de|heres the|here (?:is|are) the",
    r"^(?:also|btw|by the way|fyi|oh and|and|one more thing|another thing|plus) |(?:gate|door|alarm|lock ?box|access|entry) codes? (?:is|for|tonight)|(?:tell|let) (?:him|them|her|the (?:tech|guy|plumber)) (?:to|know|that|he|we)|(?:park|enter|come) (?:in|thru|through|around|to) (?:the )?(?:back|side|rear)|ask for \w+ (?:at|when)",
    r"(?:ya|el agua|la luz|el aire|ya se) (?:ya )?(?:paro|regreso|volvio|se quito|arreglo|bajo|dejo de)|(?:esta|se esta|sigue) (?:empeorando|peor)|(?:est|sont) (?:revenue?s?|reparti\w*)|(?:revenue?|reparti\w*|arretee?) tout seule?|cest (?:rendu|pire|mieux|empire)|sest arretee?",
)
HAPPENED: Final = _any(
    r"(?:reset|fixed|cancel\w*|moved|closed|shut off|by itself|on its own|back on|earlier|came back|no longer|nvm|never ?mind|ourselves|myself|(?:my|our) (?:husband|maintenance|handyman)|completed at|invoice)",
)
UPDATE_SUBJECT: Final = re.compile(
    r"^(?:re|aw|rv|tr) ?:.*\b[a-z]{2,4}-\d{3,}|\bwo ?#?\d{3,}|work order|\bnte\b|parts? on order|(?:tech\w*|visit|appointment|service) (?:is )?(?:scheduled|confirmed|update|en route)|^update\b",
)
PRONOUN_FIRST: Final = re.compile(
    r"^(?:and |also |ok |now |actually |update |hey )*(?:its|it is|it|it has|theyre|they are|thats|that|there are|temps?(?: is)?)\b",
)
PRONOUN_MORE: Final = _any(
    r"(?:now|too|also|worse|better|again|already|more|up to|anymore)|(?:in|at|on|coming|getting) (?:the|to|into|thru|through|under)",
)
SITE: Final = _any(
    r"(?:store|st|site|location|loc|tienda|sucursal|suc|succ?|succursale|magasin|restaurant)\.? ?(?:no\.? ?|number )?#?\d{1,4}|#\d{1,4}|(?:store|location|at|from) (?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)",
)
NOT_TROUBLE: Final = _any(
    r"(?:leak|drip|smell|noise|smoke|beeping|water|flooding|puddle) (?:is |has |just |all )*(?:gone|stopped|cleared|went away|quit|dried)",
    r"(?:no|not|nothing|isnt|never|without|stopped|quit|arent|wont be|dont have (?:a|any)) (?:more |any |a |longer )?(?:leak\w*|drip\w*|overflow\w*|smok\w+|noise|smell\w*|broken?|loud|hot|warm|wet|puddle|flood\w*|running|problem\w*|issue\w*|fire)|on fire (?:yesterday|today|the other day)|unlocked|(?:the |my )?(?:ticket|order|case) (?:is )?(?:down|missing)",
)
TROUBLE: Final = _any(
    r"leak\w*|flood\w*|drip\w*|overflow\w*|clog\w*|backed up|backing up|burst|broke\w*|busted|crack\w*|shatter\w*|smash\w*|spark\w*|smok\w+|fire|gas|smell\w*|stink\w*|stuck|jammed|dead|died|down|trip(?:s|ped|ping)|trapped|frozen|melting|warm|hot|freezing|wont|not working|not cooling|not heating|stopped working|doesnt (?:work|close|open|lock|flush|drain|turn)|out of order|no (?:power|heat|water|ac|air|lights?|hot|cold|electricity)|rats?|mouse|mice|roach\w*|droppings|sewage|puddle|noise|loud|wet|water (?:is |was |just )?(?:all|every\w*|on|in|coming|running|pouring|dripping)|(?:is|are|went|goes|still) out|issue with|problem with|hole|torn|ripped|missing|blinking|flicker\w*",
    r"gote\w+|fuga|inund\w+|tapad\w+|rot[oa]|descompuest\w+|no (?:funciona|sirve|prende|enfria|cierra|abre|hay (?:luz|agua))|humo|fuego|huele|atorad\w+|ratas?|cucarachas?|se fue la luz|fuite|inondation|degat|bouche\w*|brise\w*|casse\w*|en panne|fumee|feu|coule|ne (?:fonctionne|marche|ferme|ouvre) (?:pas|plus)|odeur|sent le|coince\w*",
)
ASSET: Final = _any(
    r"toilets?|toliets?|urinals?|commodes?|sinks?|faucets?|drains?|pipes?|valves?|restrooms?|bathrooms?|washrooms?|plumbing|hot water|water heater|doors?|locks?|gates?|keys?|keypad|windows?|glass|hinges?|rollup|rolldown|dock",
    r"freezers?|coolers?|fridges?|refrigerat\w+|walk-?ins?|reach-?ins?|cases?|ice machine|compressors?|ac|a/c|hvac|air ?con\w*|heat|heaters?|heating|furnace|thermostats?|vents?|ducts?|rtus?|units?|fans?|hoods?|exhaust",
    r"lights?|lites?|lighting|bulbs?|lamps?|signs?|outlets?|breakers?|panels?|power|electric\w*|wires?|wiring|registers?|generator|roof\w*|ceiling|tiles?|floors?|carpets?|walls?|gutters?|awnings?|canopy|elevators?|lifts?|escalators?|stairs?",
    r"ovens?|fryers?|grills?|stoves?|dishwashers?|grease traps?|cameras?|alarms?|sirens?|detectors?|sprinklers?|extinguishers?|parking|lot|sidewalks?|potholes?|snow|ice|salt|trash|compactors?|dumpsters?|pests?|rats?|mice|mouse|roach\w*|ants|wasps?|bees|spills?|mop|janitor\w*|clean\w*|windows?|paint\w*|shelf|shelves|carts?|invoices?|contract|certificate|inspection",
    r"banos?|lavabo|llave|drenaje|tuberia|puertas?|cerradura|vidrios?|ventanas?|congelador|refrigerador|nevera|aire|calefaccion|luz|luces|foco|techo|piso|gotera|alarma|estufa|horno|basura|hielo|ratones|cucarachas",
    r"toilettes?|evier|robinets?|tuyaux?|portes?|serrures?|vitres?|fenetres?|congelateur|frigo|chambre froide|climatisation|clim|chauffage|lumieres?|toit|plafond|plancher|alarme|four|ascenseur|neige|glace|electricite|courant",
)
