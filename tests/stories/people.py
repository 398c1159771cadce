"""Who is who in the demo company, as far as stories meet them."""

TANYA = "+16175550114"  # store manager of store 114, Pantry Row Markets
TANYA_MAIL = "tanya.brooks@pantryrow.example"
DANA = "+16175550101"  # her account manager
DANA_MAIL = "dana.reyes@tidewell.example"
LUIS = "+16175550102"  # account manager, her backup
PRIYA = "+16175550103"  # service manager
RUTH, CALVIN, NOOR = "+16175550104", "+13125550104", "+13035550102"  # duty managers
LUCIA = "+13055550100"  # restaurant manager, writes Spanish
STRANGER = "+14155550177"
WATER = "water coming through ceiling aisle 7, store 114"
