package markdown_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"parley/modules/chat/internal/core/markdown"
)

func TestExplore(t *testing.T) {
	for _, unit := range []string{"[a](", "`", "`a", "``a`", "**", "*a", "_", "> ", ">", "[", "]", "![", "[1]", "[1][1]", "[9]", "[1, 2, 3]", "[1-9999]", "[99999999999", "[1,", "[1 ", "<", "<a ", "</", "<!--", "http://", "http://a", "www.", "https://a.b/(", "- ", "1. ", "# ", "\t", "    ", "```\n", "~~~\n", "``` `\n", "\n", "|", "|a`", "`|`\n", "\\", "\\`", "(", ")", "a\n", "](", "]:", "[x]: ", "-\n", "=\n", "- a\n  ", "> a\n", "é", "`\n", "- `\n", "> `", ">`\n", "[a](b \"", "](<", "`` ", "h", "ht", "\x00", "\r", "\f", "&#", "  \n", "* * ", "1.\n", "- - - a\n", "`a` [1](x", "[1](" } {
		var took [3]time.Duration
		var piece [3]time.Duration
		for i, n := range []int{16<<10, 64 << 10, 256 << 10} {
			if i>0 && (took[i-1] > 500*time.Millisecond) { continue }
			s := strings.Repeat(unit, n/len(unit))
			at := time.Now()
			f := markdown.New(rules()); f.Add(s); f.Close()
			took[i] = time.Since(at)
			if i<2 {
			at = time.Now()
			f = markdown.New(rules())
			for len(s) > 0 { k := min(20, len(s)); f.Add(s[:k]); s = s[k:] }
			f.Close()
			piece[i] = time.Since(at)
			}
		}
		if took[2] > 300*time.Millisecond || took[2]==0 || piece[1] > 300*time.Millisecond {
		fmt.Printf("%-14q whole %v %v %v  pieces %v %v\n", unit, took[0], took[1], took[2], piece[0], piece[1])
		}
	}
}
