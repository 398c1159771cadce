"""Trouble, the things that have it, and how a site is named.

Data only, in the notation of replies_signals.py; what follows from a match stands in replies_kind.py.
"""

from __future__ import annotations

from typing import Final

from app.domain.replies_signals import anywhere

SITE: Final = anywhere(
    r"""
    (?:store|st|site|location|loc|tienda|sucursal|suc|succ?|succursale|magasin|restaurant)\.? ?(?:no\.? ?|\
      number )?#?\d{1,4}
    #\d{1,4}
    (?:store|location|at|from) (?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|\
      thirty|forty|fifty|sixty|seventy|eighty|ninety)
    """,
)

TROUBLE: Final = anywhere(
    r"""
    in (?:the|an|our) (?:elevator|lift)(?! lobby)
    odou?rs?|lost (?:all )?(?:the )?power|pops|popped|outage|sewer|spitting up|pushing up|coming up|\
      black ?out
    leak\w*|flood\w*|drip\w*|overflow\w*|clog\w*|backed up|backing up|burst|broke\w*|busted|crack\w*
    shatter\w*|smash\w*|spark\w*|smok\w+|fire|gas|smell\w*|stink\w*|stuck|jammed|dead|died|down
    trip(?:s|ped|ping)|trapped|frozen|melting|warm|hot|freezing|wont|not working|not cooling|not heating
    stopped working|(?:doesnt|does not|will not) (?:work|close|open|lock|flush|drain|turn)|out of order
    a problem (?:here|with|at|in)|rain|raining|climbing|rising
    no (?:power|heat|water|ac|air|lights?|hot|cold|electricity)|rats?|mouse|mice|roach\w*|droppings|sewage
    dizzy|faint\w*|hurt|injured|fell|burn\w*|caught|fumes|explo\w+|vomit\w*|bleeding
    going off|went off|goes off|sounding|pris dans|pris|panicking|panne
    puddle|dark|fault|blink\w*|buzz\w*|beep\w*|noise|loud|wet
    water (?:is |was |just )?(?:all|every\w*|on|in|coming|running|pouring|dripping)
    (?:is|are|went|goes|still) out|issue with|problem with|hole|torn|ripped|missing|blinking|flicker\w*
    gote\w+|fuga|inund\w+|tapad\w+|rot[oa]|descompuest\w+
    no (?:funciona|sirve|prende|enfria|cierra|abre|hay (?:luz|agua))|humo|fuego|huele|atorad\w+|ratas?
    cucarachas?|se fue la luz|no (?:se puede|podemos|hay como) (?:cerrar|abrir|entrar)|fuite|inondation|\
      degat|bouche\w*|brise\w*|casse\w*|en panne|fumee|feu|coule
    ne (?:fonctionne|marche|ferme|ouvre) (?:pas|plus)|odeur|sent le|coince\w*
    quit|quits|shut (?:itself )?off|shuts (?:itself )?(?:off|down)|kicked off|full of|\
      needs? cleaning|wobbl\w*
    rattl\w*|squeak\w*|grind\w*|screech\w*|rust\w*|loose|bent|blocked|dirty|filthy|error|offline|slipp?\w*
    no (?:jala|calienta|trabaja|gira|baja|sube|arranca|responde)|(?:se |nos )?(?:quebr(?:o|aron)|\
      romp(?:io|ieron)|revent(?:o|aron)|tapo|\
      atoro|apago|cayo)
    cayendo|goteando|apesta|peste|mojado|sucio|suelt[oa]|calor|\d+ grados|descongel\w*
    (?:marche|fonctionne|ferme|barre|chauffe|refroidit|gele) (?:pas|plus|pus|mal)|glisse\w*|froid|chaud|sale
    """,
)

NOT_TROUBLE: Final = anywhere(
    r"""
    (?:leak|drip|rain|smell|noise|smoke|beeping|water|flooding|puddle) (?:is |has |just |all )*(?:gone|\
      stopped|cleared|went away|quit|dried)
    (?:no|not|nothing|isnt|never|without|stopped|quit|arent|wont be|dont have (?:a|any)) (?:more |any |a |\
      longer )?(?:leak\w*|drip\w*|overflow\w*|smok\w+|noise|smell\w*|broken?|loud|hot|warm|wet|puddle|\
      flood\w*|running|problem\w*|issue\w*|fire)
    fire (?:dept|department|marshal|guys|trucks?|company)
    on fire (?:yesterday|today|the other day)|unlocked
    (?:the |my )?(?:ticket|order|case) (?:is )?(?:down|missing)
    """,
)

ASSET: Final = anywhere(
    r"""
    filters?|machines?|kiosks?|readers?|screens?|displays?|speakers?|pumps?|motors?|hoses?|toilets?|toliets?
    urinals?|commodes?|sinks?|faucets?|drains?|pipes?|valves?|restrooms?
    bathrooms?|washrooms?|plumbing|hot water|water heater|doors?|locks?|gates?|keys?|keypad|windows?|glass
    hinges?|rollup|rolldown|dock|freezers?|coolers?|fridges?|refrigerat\w+|walk[ -]?ins?|\
      reach[ -]?ins?|cases?
    ice machine|compressors?|ac|a/c|hvac|air ?con\w*|heat|heaters?|heating|furnace|thermostats?|vents?
    ducts?|rtus?|units?|fans?|hoods?|exhaust|lights?|lites?|lighting|bulbs?|lamps?|signs?|outlets?|breakers?
    panels?|power|electric\w*|wires?|wiring|registers?|generator|roof\w*|ceiling|tiles?|floors?|carpets?
    walls?|gutters?|awnings?|canopy|elevators?|lifts?|escalators?|stairs?|ovens?|fryers?|grills?|stoves?
    dishwashers?|grease traps?|cameras?|alarms?|sirens?|detectors?|sprinklers?|extinguishers?|parking|lot
    sidewalks?|potholes?|snow|ice|salt|trash|compactors?|dumpsters?|pests?|rats?|mice|mouse|roach\w*|ants
    wasps?|bees|spills?|mop|janitor\w*|clean\w*|windows?|paint\w*|shelf|shelves|carts?|invoices?|contract
    certificate|inspection|banos?|lavabo|llave|drenaje|tuberia|puertas?|cerradura|vidrios?|ventanas?
    congelador|refrigerador|nevera|aire|calefaccion|luz|luces|foco|techo|piso|gotera|alarma|estufa|horno
    basura|hielo|ratones|cucarachas|toilettes?|evier|robinets?|tuyaux?|portes?|serrures?|vitres?|fenetres?
    congelateur|frigo|chambre froide|climatisation|clim|chauffage|lumieres?|toit|plafond|plancher|alarme
    filtros?|filtres?|elevador|ascensor|freidora|campana|drain|friteuse|comptoir|cocina|cuisine
    four|ascenseur|neige|glace|electricite|courant
    shelving|racks?|chairs?|tables?|booths?|counters?|stools?|microwaves?|brewers?|mixers?|slicers?|\
      toasters?
    steamers?|griddles?|hotplates?|blenders?|grinders?|proofers?|rotisserie|espresso|disposals?|\
      spigots?|taps?
    showers?|fountains?|bottle fillers?|boilers?|sump|backflow|skylights?|shingles?|downspouts?|shutters?
    latch\w*|deadbolts?|closers?|sliders?|openers?|levelers?|mirrors?|ballasts?|tubes?|fixtures?|\
      letters?|timers?
    switch\w*|plugs?|sockets?|circuits?|transformers?|fuses?|ups|chargers?|pull stations?|strobes?|\
      keypads?|cams?
    fobs?|sensors?|badge\w*|plow\w*|plough\w*|icicles?|soap|towels?|rugs?|mats?|graffiti|gum|wax\w*|flies
    gnats|hornets?|pigeons?|birds?|spiders?|roach|droppings|stickers?|magnets?|fences?|bollards?|curbs?
    clima|minisplit|cortina|reja|candado|chapa|fregadero|tarja|inodoro|excusado|coladera|tubo|calentador|sal
    plancha|parrilla|refri|hielera|vitrina|enchufe|contacto|cable|apagador|breaker|letrero|lampara|\
      pared|mesa
    silla|camara|extintor|rociador|elevadores|nieve|hormigas|moscas|avispas|palomas|carne|leche|basurero
    fournaise|thermostat|hotte|prise|disjoncteur|ampoule|enseigne|neons?|serrure|vitre|rideau|evier|robinet
    extincteur|gicleur|detecteur|fourmis|souris|coquerelles|guepes|tapis|poubelles?|stationnement|\
      trottoir|sel
    """,
)
