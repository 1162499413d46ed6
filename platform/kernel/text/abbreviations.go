package text

// Abbreviations that a name or clause follows.
var neverLast = set(`mr mrs ms mx dr prof st sr sra sgt capt lt col gen rev hon gov sen mt vs viz
	e.g i.e eg ie approx ca circa resp dept univ assn bros incl excl est cf z.b d.h u.a bzw vgl s.a`)

// Abbreviations that a number follows; before anything else they are words.
var beforeNumber = set(`no nos nr fig figs eq eqs vol vols p pp ch sec sect art arts ed tel max min ver v abb`)

// Abbreviations that may stand at the end as well.
var sometimesLast = set(`etc inc ltd co corp llc plc jr phd al eds a.m p.m b.c a.d u.s u.k jan feb mar apr
	jun jul aug sep sept oct nov dec mon tue wed thu fri sat sun usw`)

// Words that begin a sentence far more often than they follow an abbreviation.
var starters = set(`the this that these those it its he she we they you i in on at for from by with as if
	when while after before since because however although there here a an all some many most each every his
	her their our but and or so then thus also not no what how why who where is are was were see`)
