package metrics

import (
	"strings"

	"parley/platform/kernel/text"
)

// irregular are the forms of words that no ending tells, and the stems of the
// words that they are forms of. Those that are as often another word ("left",
// "saw", "found", "ground") are not here.
var irregular = forms(
	`mouse mice · goose geese · child children · man men · woman women · tooth teeth · wolf wolves · wife wives · shelf shelves · thief thieves · half halves · calf calves · loaf loaves
	ox oxen · crisis crises · thesis theses · hypothesis hypotheses · criterion criteria · phenomenon phenomena · bacterium bacteria · medium media · stimulus stimuli · fungus fungi · nucleus nuclei · cactus cacti
	become became · begin began begun · break broke broken · bring brought · build built · buy bought · catch caught · choose chose chosen · come came · deal dealt · draw drew drawn · drink drank drunk · drive drove driven
	eat ate eaten · fight fought · fly flew flown · forbid forbade forbidden · forget forgot forgotten · freeze froze frozen · get got gotten · give gave given · go went gone · grow grew grown · hear heard · hide hid hidden · hold held
	keep kept · know knew known · lend lent · lose lost · make made · meet met · pay paid · ride rode ridden · ring rang rung · rise risen · run ran · say said · seek sought · sell sold · send sent · shake shook shaken · shoot shot
	sing sang sung · sink sank sunk · sit sat · sleep slept · speak spoke spoken · spend spent · stand stood · steal stole stolen · swear swore sworn · swim swam swum · take took taken · teach taught · tell told · throw threw thrown
	understand understood · wake woke woken · wear wore worn · win won · withdraw withdrew withdrawn · write wrote written`,
)

// forms reads words with their forms.
func forms(list string) map[string]string {
	out := map[string]string{}
	for _, one := range strings.Split(list, "\n") {
		for _, word := range strings.Split(one, "·") {
			of := strings.Fields(word)
			for _, form := range of[1:] {
				out[form] = text.Stem(american(of[0]))
			}
		}
	}
	return out
}
