"""How people talk about a visit that they wait for, a report that they already made, and their thanks.

Data only, in the notation of replies_signals.py; what follows from a match stands in replies_kind.py.
"""

from __future__ import annotations

from typing import Final

from app.domain.replies_signals import anywhere, at_start

CHASE: Final = anywhere(
    r"""
    (?:are|r) (?:you|u|ya|yall)(?: guys)? (?:even |still |ever |gonna |going to )*send(?:ing)?\b
    (?:when|whens|what time) (?:is |are |s )?(?:the |our |my )?[\w/]+ HE (?:getting|coming|due|arriving|\
      supposed|gonna|going)\b
    where (?:this|it|that|my (?:ticket|request|order)) stands
    (?:is|are) (?:he|she|they) (?:lost|close|near|almost here)\b
    (?:should|do) (?:i|we) (?:still )?(?:keep waiting|wait)\b|siguen? sin (?:venir|llegar)|^hello{2,}\W*$
    (?:anyone|anybody|someone|somebody) (?:get|got|see|read|seen) (?:my|our|the) (?:text|message|msg|e-?mail)
    (?:was|were) promised for \w+day|^(?:was |we were |i was )?(?:told|said|promised) \d
    (?:see|know|ask|asking|find out|tell me|confirm|wondering) (?:when|what time|if) (?:the |a |\
      your )?(?:HE|you|u|yall)
    what happened (?:to|with) (?:the |my |our |that )?HE
    advise (?:on |of |me )?(?:the )?(?:timing|eta|when|status|time)
    (?:any|whats?(?: is)?(?: the| ur| your)?|need an?|got an?|have an?|still no|no) (?:eta|e\.t\.a\.?)
    ^eta(?: pls| please)?\W*$|eta\s?\?+|^eta (?:on|for)|arrival time for
    (?:have|got|is there|get) (?:an? |any )?(?:arrival time|eta|time ?frame|ett)
    (?:any|no|get|got|have|an|some) (?:updates?|news|word|status|progress|idea when|response|luck)(?= yet\
      | on\b| about| pls| please|\W*$|\?| from)
    (?:a |the )?(?:status|update)(?: check| pls| please)?\s?\?+
    ^(?:status|update)(?: pls| please| check)?\W*$|status (?:check|of|on)
    (?:get|have|need|want|for) (?:a |an |the )?status(?! light)
    (?:what|whats) (?:is )?(?:the|our|ur|your) (?:status|hold ?up|story|latest|progress)
    checking (?:in|on|status|the status|up)
    (?:calling|check|call|asking|ask|follow\w*) (?:for|on|about|up)? ?(?:a |the )?(?:status|update)
    following[ -]?up|follow up on|where (?:we are|are we|we stand|things stand)
    (?:heard|hear) (?:back|anything|nothing|from (?:you|anyone|anybody))
    where(?:s| is| are| r|re| the)? (?:the |my |our |ur |your |that |this )?(?!somebody|someone|anyone|\
      anybody)HE\b
    where (?:are|r) (?:you|u|they|ya|we)\b
    (?:is|are|r|has|have|did|will|was|were|when (?:is|are|will|s)?|whens|what time(?: is| are| will\
      | should| can)?|how (?:long|soon|much longer)(?: before| until| till| for| is| are| will)?) (?:the |\
      my |our |ur |your |any )?(?:HE|you|u|ya|yall|one) (?:guys )?(?:even |still |ever |actually |\
      going to |\
      gonna |supposed to |expected to |be |on |is |are |will )*(?:com(?:e|ing|in)|arriv\w+|here(?= yet|\?|\
      $)|show\w*|get(?:ting)? (?:here|there)|(?:be )?there|(?:the|their|his|her|your|ur) way|heading|sent|\
      dispatched)
    (?:nobody|no one|noone|none|no HE) (?:has |have |ever |is |still |did |yet |even )*(?:came|come|\
      coming|show\w*|here(?= yet|\W*$|[.,!])|arrived|called|contacted|answer\w*|responded|been (?:here|out|\
      by)|shown)
    HE (?:still )?(?:hasnt|havent|has not|have not|never|didnt|did not|no|isnt here|not here)(?: even\
      | ever| yet| been)*(?: (?:came|come|show\w*|here|arrived?|call\w*|contact\w*|answer\w*|shown|yet|\
      back))
    ^(?:he|she|they|hes|shes|theyre|guy|tech|plumber)(?: is| are)? (?:still )?not here
    ^cuanto (?:tiempo )?mas|^y el (?:tecnico|plomero|electricista|senor)\b
    (?:when|what time|how soon|where) (?:is |are |will |does |do )?(?:the |our |your |my )\
      (?!(?:pest|bug|floor|window|filter|cleaning|spray|grease|mat|trash|lawn)\b)[\w/]+ HE\b
    (?:give|tell|get) (?:us|me) (?:a|an|the) (?:time|eta|window)
    any luck (?:finding|getting|with)|^(?:r |are )?(?:u|you|ya) (?:guys )?(?:still )?(?:there|alive|\
      coming)\W*$
    ^(?:its been |been )?\d+ ?(?:hrs?|hours?|days?|weeks?|min\w*)(?: now| already| later)?\W*$|HE get lost
    ^(?:its )?been \d+ ?(?:hrs?|hours?|min\w*)\b|a que hora nos toca
    ^what time(?: tomorrow| today| tonight| is that)?\W*$
    ^(?:hello|hi|hey|ok|so|guys|um)?\W*its been (?:over |like |almost |more than )?(?:\d+|an?|two|three|\
      four|five|six) ?(?:hrs?|hours?|min\w*|days?)\b
    whats taking|taking (?:so|too) long|still on for|still on (?:the )?schedule|\
      is this (?:still )?happening|any ?1 (?:coming|there)
    ^bump\W*$|how long (?:til|till|untill?)
    when (?:will|is|can) (?:it|this|that) (?:be |get |getting |going to be )*(?:fixed|done|repaired|\
      resolved|working|ready)
    ^(?:so |ok |hello |hi )*(?:is|are|r|will|did|has|have|where|when) (?:he|she|they) [\w ]{2,30}\?
    ^so+\W*\?+|last i heard|havent seen (?:anyone|anybody|him|them)|not seen (?:anyone|anybody)|\
      what is the plan
    (?:check|ask|see|know|asking|find out) when (?:the |a |my |our )?HE
    no[ -]?shows?|never (?:showed|arrived|called(?! (?:it|this|that) in))
    no (?:call ?back|answer|reply|show|sign of)
    (?<!send )(?<!dispatch )(?<!page )(?:still )?(?:nobody|no one|no HE)(?: here(?=\W*$| yet|[.,!])| yet|\W*$)
    (?:supposed|scheduled|promised|meant) to (?:be here|come|arrive|show|have (?:been|come|someone))
    (?:was|were|been|got) (?:told(?! to)|promised)\b.{0,60}\b(?:by|at|hours?|hrs?|today|yesterday|here|\
      coming|arrive)
    (?<!inspector )(?<!marshal )(?<!dept )(?<!department )(?<!corporate )(?<!rule )\
      (?:said|told (?:me|us)|promised)\b.{0,30}\b\
      (?:hours?|hrs?|minutes?|mins?|by (?:noon|\d))
    ^still (?:nobody|no one|noone|none|nothing|not a soul)\b(?! (?:works|working))
    still waiting(?! for (?:the )?parts)|(?:been|we(?:ve| have)? been|ive been) waiting
    (?:still|been|are|were|im|am|^) ?waiting (?:since|on(?! (?:a |the )?parts?)|\d|an hour|hours|\
      for(?: over| more than)? (?:\d|an?|hours|over|someone|somebody|you|u))(?! cannot)
    how (?:much )?longer|how long (?:is|will|do|until|till?|before|does)
    (?:second|third|fourth|fifth|2nd|3rd|4th|5th) (?:call|text|e-?mail|message|request|attempt|notice|\
      time (?:i|we|im|ive|asking|calling|writing|texting|messaging))
    ^(?:second|third|fourth|2nd|3rd|4th) time
    (?:called|texted|written|asked|reported|emailed)\b.{0,25}\b(?:twice|times|already|yesterday|\
      hours? ago|hrs ago)
    ^(?:hello|hey|helo|hola|allo|bonjour|yo)?\s*[?!]*\?+[?!]*$|^(?:hello|hey|hola|allo)\s*[?!]{2,}
    (?:any|some)(?:one|body) (?:there|home|alive|reading|coming)
    (?:did|have) (?:you|u|anyone|yall) (?:guys )?(?:get|got|see|read|forget|gotten|forgotten|receive)
    (?:is|are) (?:any|some)(?:one|body) (?:going to|gonna|ever|even)|how far (?:out|away)|^HE\s?\?+$
    \d+ (?:days?|hours?|hrs?|weeks?) since (?:i|we)|forgot about us|even coming|what is going on with
    (?:part|parts) (?:came|come|arrive\w*|get) (?:in|yet)|(?:whos|who is|who s) coming
    when (?:is|are|will|can|does|should) (?:someone|somebody|the (?:tech|guy|plumber)|he|they)\b
    when (?:are|r|will) (?:you|u|ya|yall)(?: guys)? (?:be |get |going to |gonna )*(?:com(?:e|\
      ing)(?! back in)|here|there|arriv\w+|show\w*|heading|sending)
    (?:a que hora|cuando|a q hora|ya|en cuanto tiempo|cuanto (?:falta|tiempo|tardan?|\
      mas)) ?(?:se )?(?:para que )?(?:va a |van a |va |van )?(?:viene|vienen|venir|vendra|vendran|llegan?|\
      llegar\w*)(?! (?:la|el) (?:noche|tarde|tormenta|lluvia|cierre|hora|fin))
    cuanto (?:falta|tardan|tarda)
    (?:viene|va a venir|llega|mandaron|van a mandar) (?:ya )?(?:alguien|un tecnico|el \w+)\s?\?
    nadie (?:ha |a )?(?:venido|llegado|llego|llega|viene|vino|contesta|responde|aparecido|aparece)
    no (?:ha |han )?(?:venido|llegado|llego|llega|aparecido|aparece|vino nadie)
    (?:seguimos|sigo|estamos|todavia|aqui) esperando|llev\w+ (?:\w+ ){1,3}esperando
    (?:donde esta|por donde viene|donde viene)n?|alguna noticia|hay noticias|novedades
    que paso con (?:el|la) (?:tecnico|plomero|electricista|visita|orden|reporte)
    (?:quand|a quelle heure|dans combien de temps|vers quelle heure)\b.{0,40}(?:arriv\w+|vien\w+|passe\w*|\
      venir|serez|va venir)
    (?:arrivez|venez|passez|arrive|vient)(?:-vous| il| ils)? (?:la )?quand
    toujours (?:personne|en attente|pas de nouvelles|aucune nouvelle)
    personne (?:nest (?:venu|arrive|passe|encore|la\b)|nous|na rappele|encore)
    (?:on|nous) (?:vous )?attend\w*|jattends|des nouvelles|ou (?:en est|en sont)[ ]|ca fait .{0,20}heures?
    """,
)

# Who comes by the calendar and did not: that is a first report (an uncleared lot, full bins), no chase.
REGULAR_SERVICE: Final = anywhere(
    r"""
    (?:the |your |our |my )?(?:(?:snow ?)?plow\w*|salt\w*|cleaning|cleaners?|janitor\w*|night|floor|trash|\
      garbage|pest|landscap\w*|lawn|mat|linen|porter|recycling|dumpster|grease) ?(?:crew|guys?|people|team|\
      lady|ladies|truck|service|company|vendor|man)?(?: has| have)? (?:never|didnt|did not|no|hasnt|havent|\
      skipped|not)(?: even| been)?(?: (?:came|come|show\w*|been|here|us|out))?
    """,
)

# Only where no trouble and no thing that breaks is named: what else would they be asking about?
CHASE_WEAK: Final = anywhere(
    r"""
    (?:been|its been|it has been) (?:all (?:day|morning|night|week)|\w+ (?:hours?|hrs?|days?|weeks?)|over|\
      forever|like|almost|more)
    (?:you|u|they|he|she|yall|someone|dispatch) (?:guys )?(?:said|told|promised)
    (?:know|tell (?:me|us)|let (?:me|us) know|idea|ask|wondering|confirm|if) (?:when|if|what time|whether|\
      how long|someone|somebody|anyone|anybody|about when)\b
    (?:call|text|get) (?:me|us|back to (?:me|us)) back|call ?back|get back to (?:me|us)
    ^(?:any ?thing|any ?one|any ?body|status|updates?|news|so|well|eta|time)(?: yet| new| please| pls)?\W*$
    (?:provide|need|give (?:me|us)|want|send|have|get) (?:an?|the|your|some) (?:eta|arrival|time ?frame|\
      time|window|update|estimate)
    arrival time|(?:when|what time) (?:can|should|do|could|will|would) (?:we|i)\b
    expect (?:him|her|them|someone|somebody|you|the|a)\b
    (?:assigned|scheduled|dispatched|coming|on (?:the|his|their|your) way|show(?:ing)? up|be here|\
      get here|got here|arriv\w+|on schedule)
    (?:tecnico|plomero|electricista|cerrajero|alguien|viene|vienen|llega|llegan|tard\w+|llev(?:o|amos|\
      an) \w+|esperando|horas?|todavia nada|aun nada|cuando|que paso)
    (?:technicien|plombier|electricien|quelquun|arriv\w+|sen vien\w*|en route|attend\w*|ou|quand|\
      combien de temps|nouvelles)
    """,
)

CHASE_SUBJECT: Final = anywhere(
    r"""
    still waiting|status(?: update| check| request)?\W*$|(?:any|an) update\??|follow(?:ing)?[ -]?up
    checking in|still (?:nobody|no one|nothing|not|no)|nobody (?:came|here|yet)|no (?:show|one came)
    (?:2nd|second|third|3rd|final) (?:request|notice|attempt|reminder)|when\?|seguimiento|suivi
    where (?:is|are)
    """,
)

THANKS: Final = anywhere(
    r"""
    thanks?(?! god| goodness)|thankyou|thx|thks|tks|tnx|ty|tysm|thank u|appreciate\w*|cheers|gracias|\
      grax|merci|god bless
    (?:great|good|awesome|nice|excellent|amazing|fantastic|super|wonderful) (?:job|work|service|guy|guys|\
      tech)
    (?:was|were) (?:great|wonderful|amazing|awesome|fantastic|very nice|so nice|so helpful)|praise|kudos
    shout ?out|well done|you (?:guys )?rock|(?:are|is|were|was|youre|ur) (?:the best|awesome|amazing|\
      great|wonderful|so nice|so helpful|lifesavers?)|buen trabajo|muy amables?
    life ?saver|have a (?:good|great|nice|blessed)|youre welcome|good ?night|buenas noches|igualmente|\
      bonne (?:journee|soiree|nuit)
    bon travail|excelente servicio
    beau travail|\U0001f44d|\U0001f64f|\U0001f44c|\u2764|\U0001f60a|\U0001f600|\U0001f44f
    """,
)

THANKS_FIRST: Final = at_start(
    r"""
    ^(?:(?:hi|hey|hello|this is \w+|its \w+|just|calling|texting|wanted|want|to|say|a|word of|many|muchas|
    mil|oh|ok|okay|and|great|super|i|we)[,! ]+)*(?:thanks?|thankyou|thx|thks|tks|ty\b|tysm|thank u|
    appreciate|cheers|gracias|merci|praise|kudos|shout ?out|great (?:job|work)|good (?:job|work)|
    \U0001f44d|\U0001f64f|\U0001f44c|\u2764)
    """,
)

AGREED: Final = at_start(
    r"""
    ^(?:ok+|okay|k+|kk|cool|great|perfect|awesome|sounds (?:good|great|fine|ok|perfect|like a plan)|\
      sweet|nice|got it|gotcha|noted|understood|
    will do|alright|alrighty|thats (?:great|fine|good|perfect|ok)|that is (?:great|fine)|np|no prob|
    perfecto|vale|dale|bueno|entendido|de acuerdo|parfait|daccord|super|genial|excellent|received|sure|
    no problem|no worries|works for (?:me|us)|that works|
    (?:today|tonight|tomorrow|tmrw|(?:mon|tues|wednes|thurs|fri|satur|sun)day)
    (?: (?:at|around|by) \d{1,2}(?::\d\d)?(?: ?[ap]m)?)? (?:works|is (?:fine|good|ok|perfect))|
    see (?:you|u) (?:then|soon)|\d{1,2} ?(?:am|pm)? (?:works|is (?:fine|good)))(?:[.,!]| ?-| |$)
    """,
)

MORE_OF_IT: Final = at_start(r"""^(?:also|and also|plus) (?:the|our|another)\b""")

# Work that somebody orders: "arrives" in it is the thing's arrival, not ours.
ORDER: Final = anywhere(
    r"""
    (?:can|could|would|will) (?:you|u|ya|yall|someone|somebody)(?: guys)? (?:please |pls )?(?:come |help )?\
      (?:install|add|hang|mount|move|paint|build|assemble|measure|connect|hook)
    """,
)

WANTS: Final = anywhere(
    r"""
    (?:can|could|would|will) (?:you|u|someone|somebody|we|i|yall|they)|need|needs
    please (?:send|have|call|raise|schedule|advise|fix)|pls (?:send|call|fix)|how (?:much|do|can|many)
    when (?:is|are|do|does|will)|what (?:is|are|time|do)|quote|price|proposal|schedule|invoice|pueden
    podrian|necesit\w+|pouvez|besoin|soumission|cotizacion|price|pricing
    """,
)

UPDATE: Final = anywhere(
    r"""
    ^also (?:the|our|another) .{0,40}\b(?:too|same|as well)\b|(?:sorry|oops|btw)[,. ]+(?:i )?forgot
    forgot[,. ]+sorry
    the (?:\w+ ){1,3}(?:one|thing|issue|problem) (?:is |was |its )?(?:for|at) (?:store|st|site)\b
    ^(?:hi |hello |hey )?(?:its |this is )?(?:\w+ ){1,6}again (?:about|regarding|for|with) the
    ^(?:ok |and |so |now )?(?:theres|there is) (?:even |way |a lot |much )?more \w+ (?:now|coming)
    (?:pics?|pictures?|photos?|video) (?:sent|attached|coming)|^temps? (?:is |are )?(?:back|down|up|at|\
      holding)\b|^now its\b
    (?:they|he|tech|techs|guy|plumber|electrician) had to
    wrong (?:store|site|location|address)[,: ]+(?:its|it is|should be|i meant)
    (?:tomorrow|tmrw|(?:the )?morning) (?:is|works|will be) (?:fine|ok|okay|good)
    volvio a (?:ir|pasar|fallar|salir)\w*
    ^(?:ok |so |yes |and |well )?(?:the |your |our |that )?(?:[a-z]+ )?(?:he|she|they|guy|tech|techs|\
      plumber|electrician|roofer|vendor|crew|contractor|technician|repairman|\
      locksmith)(?:s)? (?:just |has |\
      have |is |are |already |finally )*(?:said|says|say|saying|think|thinks|had to|came|put|needs?
    will be back|wants|told|cant|\
      couldnt|showed|ordered|left(?! the| his| it| a)|leaving|went to|coming back|gone|here|on site)
    disregard|(?:i|we) (?:had )?called (?:in )?about|ya (?:llego|vino|se fue|termino|esta aqui) (?:el|la|su)
    ^(?:its |it is |this is |for |im at |we are |were )*(?:store|st|site|tienda|\
      magasin) ?#?\d{1,4}(?: btw| sorry|\W)*$
    should(?:ve| have|a) (?:said|told|mentioned|added|put)
    lo que (?:reporte|les dije|mande|avise|llame)|que (?:reporte|reportamos) (?:hoy|ayer|hace|en la|\
      anoche|antes)
    no longer (?:urgent|an? (?:emergency|issue|problem))|not (?:urgent|an emergency) any ?more
    \([2-9]/[2-9]\)|forgot to (?:say|mention|add|tell|include)
    add(?:ing|itional|ition)? (?:info\w*|details?|note)?(?: ?(?:to|for|on)) (?:the|my|our|this|\
      that) (?:ticket|report|case|order|last|earlier|request)
    additional info\w*
    (?:pictures?|photos?|pics?|fotos?)\b.{0,25}\b(?:attached|as (?:asked|requested)|adjunt\w+|joint\w*)
    (?:my bad|sorry|oops|correction)[,: ]+(?:i meant|its|its actually|wrong|meant|that was|store|aisle|\
      the)\b
    ^make (?:that|it) (?:the |store )|ya (?:les |le )?(?:mandamos|mande|enviamos|envie) (?:la|las) fotos?
    i meant|(?:not|its) (?:store )?\d+ not \d+|^update ?[:\-,]
    re(?:garding)? (?:my|our|the) (?:earlier|last|previous|first)
    (?:my|our|the|that) (?:earlier|last|previous|first) (?:text|message|call|report|email|ticket)|me again
    (?:called|reported|texted|wrote|sent|told you) (?:in |about )?(?:earlier|before|this morning|\
      last night|about an hour ago)
    about the (?:\w+ ){1,3}(?:i|we) (?:called|reported|texted)|(?:on|for|about) the (?:open )?ticket
    from (?:earlier|before)
    ^(?:actually |ok |oh |hey |hi |pls |please |so )*(?:nvm|nevermind|never mind|false alarm|disregard|\
      ignore (?:my|that|the|last)|scratch that|cancel (?:it|the|that|this|my|our|pls|please|[,.]|visit)|\
      cancel$|cancel,)
    (?:dont|do not|no longer) (?:need (?:to (?:come|send)|you|u|him|them|anyone|anybody|someone|the|a)|\
      bother|send|have to come)
    no need (?:to|for)|(?:pls|please) cancel|olvidel?o
    ya no (?:hace falta|necesit\w+|es necesario|venga|vengan|manden)|falsa alarma
    (?:cancelen?|pueden cancelar)|plus besoin|annulez|fausse alerte|laissez (?:faire|tomber)
    (?:the |your |ur |that |our )(?:[\w-]+ ){0,3}?(?!he\b|she\b|they\b)HE (?:is |are |was |just |\
      has |have |already |\
      finally )*(?:here(?! has| have| is| are| was)|left|leaving|said|says|arrived|showed up|on site|told|\
      needs|wants|cant|found|\
      ordered|gone|coming back|went)
    ^(?:tech|techs|plumber|electrician|guy|vendor|crew) (?:is |are |just |has |finally )*(?:left|here|\
      said|says|needs|found|ordered|told|arrived|coming back)
    still need (?!an? (?:quote|price))(?:someone|somebody|you|u|him|them|an?|the)
    (?:work order|wo) ?#?\d{3,}
    not[ -]to[ -]exceed
    parts? (?:is|are|on|was|were|has been|will be) (?:on )?(?:order|back ?order\w*|ordered|shipped|\
      in transit|delayed|in stock)
    on back ?order|rescheduled|(?:la|lo|el) de (?:hace rato|antes|la manana|anoche)|se me olvido
    olvide (?:decir|mencionar)|actualizacion
    ^(?:el|su) (?:tecnico|plomero|electricista|senor|muchacho) (?:ya )?(?:esta|dijo|dice|se fue|vino|\
      llego|necesita)
    (?:le |votre )(?:technicien|plombier|electricien|gars) (?:est|dit|a dit|vient de|veut|a besoin)
    arretee? toute? seule?|mise a jour|jai oublie|pour faire suite|suite a (?:mon|notre)
    """,
)

WITHDRAWN: Final = at_start(
    r"""
    ^(?:actually |ok |oh |hey |hi |pls |please |so |sorry )*(?:nvm|nevermind|never mind|false alarm|\
      disregard|
    scratch that)\b
    """,
)

UPDATE_WEAK: Final = anywhere(
    r"""
    (?:fire (?:dept|department)|police|cops|utility|gas company|landlord|owner) (?:is |are |\
      just )?(?:here|left|on site|came)
    powers? (?:is |just )?(?:back|came back)|lights? (?:is |are |just )?(?:came )?back|report (?:number|#)
    ^we (?:mopped|cleaned|moved|dried|covered|unplugged)\b|^actually (?:its|it is|the)\b
    (?:came|come|went|is|are|just came|came right|its) (?:right |just )?back (?:on|up|online|by itself)
    back on(?: now)?$
    (?:stopped|quit|cleared|drained|went away|reset|shut off|let up|came back|fixed itself|went off|works|\
      back|back on) (?:by itself|on its own|by themselves)
    (?:has|have|it) (?:now |just )?(?:stopped|cleared|went away|slowed)(?! working| cooling| making\
      | running)
    (?:stopped|gone|cleared|better|quiet|dry) now|gone now
    (?:getting|got|gotten|become|becoming|its|is|even) (?:much |a lot |way |even |lot )?(?:worse|better|\
      bigger now)
    (?:spread\w*|reach(?:ed|ing)|moved|made it) (?:in)?to (?:the|our)|reached (?:the|our)
    (?:now|up|down|dropped|climbed|risen) to \d|^(?:just )?fyi|btw|not just (?:one|the)
    (?:found|turned off|shut off|shut|located) (?:the )?(?:valve|main|shut ?off|water|breaker)\b
    found the (?:key|valve|shut ?off|breaker|switch)|(?:calling|texting|writing) back
    (?:you|u) asked (?:for|about|me)|as (?:discussed|requested|asked)|just letting (?:you|u) know
    (?:this|that|it)(?: is|s| was)? (?:is |was )?for store|that was store|(?:u|you) can cancel|so cancel
    (?:the )?landlord|^now\b|(?<!for )\bnow$|kicked (?:back )?on
    ^(?:he|she|they|guy|tech|plumber|electrician)(?:s| is| was| has| just| already| showed| says| said\
      | cant| needs| left| went| found)?
    manager on duty|(?:we|store) closes? at|(?:my|his|her) (?:cell|number|phone) is|^ahora|tambien
    a arrete de|heres the|here (?:is|are) the
    ^(?:also|btw|by the way|fyi|oh and|and|one more thing|another thing)
    (?:gate|door|alarm|lock ?box|access|entry) codes? (?:is|for|tonight)|keys? (?:is|are) (?:at|with|under)
    (?:open|unlocked) for (?:you|u|ya|him|them|the (?:tech|guy|plumber|crew)|yall)
    (?:tell|let) (?:him|them|her|the (?:tech|guy|plumber)) (?:to|know|that|he|we)
    (?:park|enter|come) (?:in|thru|through|around|to) (?:the )?(?:back|side|rear)|ask for \w+ (?:at|when)
    (?:ya|el agua|la luz|el aire|ya se) (?:ya )?(?:paro|regreso|volvio|se quito|arreglo|bajo|dejo de)
    (?:esta|se esta|sigue) (?:empeorando|peor)|(?:est|sont) (?:revenue?s?|reparti\w*)
    (?:revenue?|reparti\w*|arretee?) tout seule?|cest (?:rendu|pire|mieux|empire)|sest arretee?
    """,
)

# A trouble that changes was there before; also when it is named.
UPDATE_CHANGE: Final = anywhere(
    r"""
    ^(?:we )?found out|(?:bigger|deeper|higher|hotter|colder|louder|wider|stronger|slower|faster) now$
    ^no more \w+ but
    ^still (?:leaking|dripping|coming|spreading|smoking|running|pouring|flooding|getting)
    ^(?:leaking|dripping|coming|spreading|smoking|running|pouring|flooding|getting)\b.*\b\
      (?:now|again|more|worse|faster|bigger|too|also|through|thru|into)
    ^(?:now both|all of them|another one|the other one|its all)|^both .{3,40} now$
    (?:ok|good|fine|set) (?:for (?:tonight|now)|till?|until)
    ^more (?:water|smoke|leaks?|tiles?|people|of it)|slowed|slowing|recovering|improv\w+
    (?:spread\w*|moving|(?<!was )(?<!were )(?<!we )(?<!been )moved) (?:in)?to
    (?:temp\w*|it|water|level) (?:is |went |has gone |gone )?(?:now )?(?:down|up) to
    (?:getting|got) (?:a lot |much |way )?(?:worse|better)|drying
    (?:is|are|its) (?:now )?(?:in|into|inside|under|past|by|at) (?:the|our) [\w ]{2,30} now(?: too|\
       also| as well)?\W*$
    back (?:down|up) to (?:minus )?-?\d
    ^(?:ok |so |and |well |but )*now (?:its|the|there|theres|it|we)\b
    (?:alarm|leak\w*|noise|smell|water|beeping|siren|dripping|buzzing) (?:just |has |already |finally )*\
      (?:stopped|quit|cleared|went away|is gone)(?! work| com| run| heat| cool)|^(?:he|she|they|guy|\
      tech|plumber|electrician) (?:is|are) here\b
    ^(?:ok |so |yes |hi |hey )*(?:we|i) (?:found|shut|turned off|unplugged|reset|got|\
      closed) (?:off )?the (?:leak|source|valve|water|main|shut ?off|breaker|power|gas)
    (?:calling|texting|writing) back|(?:you|u) asked (?:for|about)|^(?:also |oh |and |sorry |i )*forgot\b
    (?:this|that|it)(?: is|s| was)? (?:is |was )?for store
    ya (?:se )?(?:paro|quito) (?:el|la) (?:agua|gotera|fuga|alarma|ruido|olor|humo)|ya no (?:sale|gotea|tira)
    (?:heres|here is|here are) the (?:pic|photo|video)\w*
    """,
)

VENDOR_SUBJECT: Final = at_start(
    r"""^(?:eta |update |status )*(?:update )?(?:wo|work order|order) ?#?\d{3,}""",
)

UPDATE_SUBJECT: Final = at_start(
    r"""
    ^(?:re|aw|rv|tr) ?:.*\b[a-z]{2,4}-\d{3,}|\bwo ?#?\d{3,}|work order|\bnte\b|parts? on order|(?:tech\w*|
    visit|appointment|service) (?:is )?(?:scheduled|confirmed|update|en route)
    """,
)

# Who begins like this tells it for the first time.
FIRST_TOLD: Final = at_start(
    r"""
    ^(?:(?:hi|hey|hello|so|ok|yes|um)[, ]+)*(?:there|theres|there is|we have|weve got|we need|need|a|an|
    someone|somebody|hay|tenemos|il y a|on a|nous avons)\b
    """,
)

PRONOUN_FIRST: Final = at_start(
    r"""
    ^(?:and |also |ok |now |actually |update |hey )*(?:its|it is|it|it has|theyre|they are|thats|that|
    there are|temps?(?: is)?)\b
    """,
)

PRONOUN_MORE: Final = anywhere(
    r"""
    (?:now|too|also|worse|better|again|already|more|up to|anymore)
    (?:in|at|on|coming|getting) (?:the|to|into|thru|through|under)
    """,
)
