"""How people answer "is it fixed?", with and without being asked.

Data only, in the notation of replies_signals.py; what follows from a match stands in replies_kind.py.
"""

from __future__ import annotations

from typing import Final

from app.domain.replies_signals import anywhere, at_start

ASKED_SUBJECT: Final = anywhere(
    r"""
    (?:asked|asking|message|text|texted|called|calling)\b.{0,40}\b(?:if|whether|\
      about)\b.{0,25}?\b(?:fixed|resolved|repaired|closed)
    (?:please )?confirm (?:closure|completion|that|if|it)|is it (?:fixed|ok|resolved)
    confirmar (?:cierre|el cierre)|confirmer|marked (?:as )?(?:fixed|complete|done)|closed\?
    """,
)

THUMB_DOWN: Final = at_start(
    r"""
    ^(?:\U0001f44e|2[.!]?$)
    """,
)

NOT_FIXED: Final = anywhere(
    r"""
    (?:worked|fixed|ok|okay|fine|good|better|ran|held) (?:up )?(?:for )?.{0,30}(?:then|but|and) .{0,25}\
      (?:again|quit|stopped|died|went out|came back|back to)
    \bso no\W*$|^(?:yes|yeah|ok|si|oui)\W+(?:but|pero|mais) .{0,60}(?:still|todavia|sigue|encore|toujours)
    \b(?:and|but) no (?:it|its|they)\b|no (?:arreglaron|hicieron|repararon) nada
    ^not at all\b|^no sirvio|(?:they|he|she) (?:never|didnt|only) fix\w*
    ^(?:aun|todavia) no\W*$|^pas encore\W*$
    ^(?:the )?same (?:thing|issue|problem|deal|as always)\W*$
    ^(?:its |it is |it )?(?:still )?(?:not|isnt|doesnt|wont|no) (?:working|work|fixed|right|good)\W*$
    (?:not|isnt|aint|wasnt|never|hasnt been|havent been|is not) (?:been |got |gotten |even |really |\
      completely |fully |yet |quite )?(?:fixed|resolved|repaired|solved|completed?|any better|finished)
    IT (?:is |are |was )?(?:not|isnt|still not|still isnt|not even) (?:working|done|right|good|clean|cold|\
      ok)
    ^(?:still|yes still|well still) (?!waiting|no one|nobody|no eta|need|coming|there|no \w+ here)\w+
    (?:keep|leave) (?:this|it|the ticket) open
    ^(?:its|it is|this is|that is) still (?:broken|busted|dead|clogged|jammed|stuck)\W*$
    still (?:not (?:fixed|right|working right)|having (?:the )?(?:same|issue|problem)|the same|busted|\
      acting up)
    (?:didnt|did not|couldnt|never) (?:really |even |actually )?(?:fix|repair|solve|resolve|help)\w*
    (?:fixed|replaced|repaired|cleaned) the wrong|made it worse|worse than before
    same (?:as before|puddle|story|as (?:it was )?(?:yesterday|this morning|ever))
    back to (?:how it was|square one)|exact(?:ly)? (?:the )?same
    (?:do not|dont|not ready to|rather not) close(?: (?:it|this|the (?:ticket|case|order)|\
      out))?(?=[.,!]|$| (?:it|this|out|the (?:ticket|case|order)))
    (?:cant|cannot) (?:close|be closed) ?(?:this out|(?:this|the|my|our) (?:ticket|case|order|request))
    re-?open (?:it|this|the (?:ticket|case|order))
    IT (?:\w+ )?(?:happen\w*|broke|leak\w*|broken|start\w*|went out|quit|doing it|doing the same|\
      acting up|stopped|drip\w*) (?:right |up |working )?(?:back )?again
    (?:it|that|this|leak|problem|noise|smell) (?:just )?came (?:right )?back(?! on)
    came (?:right )?back (?:again|an|after|the next|a |as soon|right|within)
    doing (?:it|the same|the same thing) again|doing the same
    (?:came|said|fixed|left|replaced|was here|fixed it|looked at it|was out) .{0,50}\bbut .{0,30}(?:still|\
      again|not|isnt|doesnt|wont|no\b)
    (?:sigue|siguen) (?:igual|mal|goteando|tirando|descompuest\w+|rot[oa]|fallando|sin(?! (?:llegar|\
      venir)))
    no (?:lo|la|los|las) (?:arreglo|arreglaron|repararon|arreglan|compuso|compusieron)
    no (?:quedo|quedaron|esta) (?:bien|arreglad\w|list\w|reparad\w)
    (?:todavia|aun) no (?:sirve|funciona|esta|queda)|no (?:sirve|funciona) (?:todavia|aun)|igual que antes
    lo mismo de antes|toujours (?:pas(?! de nouvelles)|le meme|la meme|brise|casse|en panne)
    (?:nest|cest|est|cetait) pas (?:encore )?(?:regle|repare|fini|corrige|resolu|fixe)e?
    ^pas (?:encore )?(?:regle|repare|fini|corrige|resolu)|(?:coule|fuit|brise|bouche) encore|meme probleme
    ne fermez pas|pareil quavant
    """,
)

NO: Final = at_start(
    r"""
    ^(?:(?:um+|uh+|well|sorry|hi|hello|bonjour|hola)[,. ]+)*(?:no+|nope|nah|non|negative|nop|not really|
    not yet|2)(?:[.!,;:?]|$|\s*[-]|\s+(?:no|nope|still|its|it|the|my|the same|same|not|nothing|never|they|
    he|she|we|i|that|this|sorry|thats|again|worse|sir|maam|it(?:s|) |todavia|aun|sigue|esta|esto|quedo|
    toujours|encore|cest|ca|pas|#?\d{4,})(?:\W|$))
    """,
)

YES: Final = at_start(
    r"""
    ^(?:(?:um+|uh+|hi|hello|hey|bonjour|hola|thanks|thank you|gracias|merci)[,.! ]+)*(?:yes+|yep|yup|yeah|
    yea|yessir|y(?=\W*$|[,.!]| #?\d)|si+|sip|oui|ouais|confirmed?|confirmado|confirme|affirmative|
    1)(?:[.!,;]|$|\s*[-]|\s+(?!of\b|out of\b|but\b|when\b|where\b|how\b|can\b|
    could\b|please send\b|pero\b|mais\b))
    """,
)

FIXED: Final = anywhere(
    r"""
    (?:its|it is|is|are|was|everythings?|everything is|all|been|got|gets|theyre|looks|look|seems|works|\
      working|holding) (?:now |all |been |finally |completely |totally |just )?(?:fixed|working|resolved|\
      repaired|done|good|ok|okay|solved|completed?|clean|cold|taken care of|sorted|set|great|fine|perfect|\
      beautiful\w*|up and running|running)(?: now| again)?
    (?:works|working|running|flushes|drains|cools|closes|opens|locks) (?:now|again|great|fine|perfectly|\
      perfect|like new|good)
    (?:it|all|everything|unit|that) works(?! for (?:me|us))|fixed|up and running|good to go|good as new|\
      (?:works?|working) like (?:a charm|new)|problem (?:is )?solved
    looks good|all set|all better|^(?:were|we are) (?:all )?good(?: now)?\W*$|no complaints
    no (?:more )?(?:leaks?|issues?|problems?|noise|drips?|smell) (?:anymore|any more|now|since)
    no more (?:leaks?|issues?|problems?|noise|drip\w*|smell)
    (?:can|please|ok to|go ahead and|you can|may|pls) (?:be )?close[d]?(?: (?:it|this|the ticket|\
      out))?(?=[.,!]|$| (?:it|this|out|the (?:ticket|case|work order)))
    close (?:the ticket|the case)
    (?:ya )?(?:quedo|quedaron|esta|estan|funciona|sirve|jala) (?:todo |muy )?(?:bien|list[oa]|arreglad\w+|\
      perfecto|funcionando|reparad\w+)
    ^(?:si |listo )?ya (?:quedo|quedaron|funciona|esta|sirve)\b
    (?:ya|todo) (?:funciona|sirve|bien|jala|listo)|arreglado|solucionado|resuelto|\
      (?<!no )(?<!no se )pueden cerrar(?=\W*$| (?:el|este) (?:ticket|caso))
    (?:cest|tout est|est) (?:bon|beau|regle|repare|correct|parfait|fini|ok)e?
    (?:ca|tout) (?:marche|fonctionne)|(?:bien )?regle|vous pouvez fermer
    """,
)

CLOSE_IT: Final = anywhere(
    r"""
    (?:fixed|working|good|done) so (?:yes|si)|so yes
    (?:you can|you may|u can|please|pls|go ahead and|ok to|okay to|\
      feel free to) close(?: (?:it|this|out|er|em)\b|(?=\W*$))
    ^(?:its |all )?good as (?:gold|new)
    close (?:the|this|my|our|that) (?:ticket|case|order|request)
    (?:can|may|ready to|ok to) be closed|(?<!no )(?<!no se )pueden? cerrar(?:lo| (?:el|la|este|\
      esta) (?:ticket|caso|orden|reporte|folio))|vous pouvez (?:le |la )?fermer
    """,
)

AFTER_A_VISIT: Final = anywhere(
    r"""
    still|again|(?:come|came|is|its|went|started) back|back (?:again|on|to)|same|came|come|said|fixed|\
      tech|guy|visit|keeps?|yet|ticket|close|(?:keep|leave|re) ?(?:it |this )?open|order|case|before|wrong
    todavia|aun|sigue|siguen|igual|vino|encore|toujours|meme|ferme\w*
    (?:no|not)(?: \w+)?$
    """,
)

HAPPENED: Final = anywhere(
    r"""
    (?:reset|fixed|cancel\w*|moved|closed|shut off|by itself|on its own|back on|earlier|came back|\
      no longer|nvm|never ?mind|ourselves|myself|(?:my|our) (?:husband|maintenance|handyman)|completed at|\
      invoice)
    """,
)

APPOINTMENT: Final = at_start(
    r"""
    ^(?:ok |yes |great\W* |perfect\W* |thanks\W* |got it\W* )?(?:\d{1,2}(?::\d\d)? ?(?:am|pm)\b|
    \d{1,2} (?:works|is (?:fine|good|ok))|(?:ok|okay|yes|great|perfect|thanks)?[,. ]*
    (?:today|tonight|tomorrow|tmrw|
    (?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?)
    (?: (?:at |around |by )?\d{1,2}(?::\d\d)?(?: ?[ap]m)?|
    (?: morning| afternoon| evening))* (?:works|is (?:fine|good|ok|perfect)|sounds))
    """,
)

NEGATED: Final = at_start(
    r"""
    (?:.*\W)?(?:not|isnt|arent|wasnt|werent|doesnt|dont|never|stopped|quit|cant|wont|aint|nothing|
    no)(?: \w+)? $
    """,
)

STILL: Final = anywhere(
    r"""
    still|(?:todavia|aun|sigue|siguen|toujours|encore)
    """,
)
