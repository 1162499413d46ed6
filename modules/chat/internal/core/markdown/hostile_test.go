package markdown_test

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"parley/modules/chat/internal/core/markdown"
)

// hostile is what a model may write to make its reader work. Each is written as
// often as fits.
var hostile = []string{
	"[a](", "`", "`a", "``a`", "**", "*a", "> ", ">", "[", "]", "![", "!", "!!", "[1]", "[1][1]", "[9]", "[1-9999]", "[1-9999,", "[99999999999", "[1 ", "<", "<a ", "</", "<!--", "http://", "www.",
	"https://a.b/(", "<http://a", "- ", "1. ", "# ", "    ", "```\n", "~~~\n", "``` `\n", "\n", "|", "`|`\n", `\`, "\\`", "](", "]:", "[x]: ", "- `\n", "> `\n", "[a](b \"", "](<", "h", "H", "W", "\f", "- - - a\n", "[1](x", "`[[", "\n\n`[1]", "`\\|`[1]", "`|`a[1]", "1. 1) ", "`\n`<b>",
	"a@", "@a.", "a@b.c", "a@b.c`", "&", "&#", "&#5", "[9]\n", "[9] ", "- [9]\n", "<a@", "<a@b.c>", "ht[9]", "w[9]", `https\:`, `a\@b.c`, "[http://a.b](",
}

// work is how much of it there is, in bytes that are looked at and in bytes
// that are allocated, when it comes in pieces of a size.
func work(s string, piece int) (looked, allocated int) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f := markdown.New(rules())
	for part := range slices.Chunk([]byte(s), piece) {
		f.Add(string(part))
	}
	f.Close()
	runtime.ReadMemStats(&after)
	return f.Looked(), int(after.TotalAlloc - before.TotalAlloc)
}

func TestWorkOnWhatAModelWritesGrowsWithItsLength(t *testing.T) {
	grows := func(t *testing.T, make func(size int) string) {
		t.Helper()
		for _, c := range []struct{ size, piece int }{{8 << 10, 1 << 20}, {2 << 10, 20}} {
			looked, allocated := work(make(c.size), c.piece)
			more, moreAllocated := work(make(8*c.size), c.piece)
			if more > 24*looked+64<<10 || moreAllocated > 24*allocated+1<<20 { // its square would be 64 times as much
				t.Errorf("in pieces of %d: 8 times as much needs %d bytes looked at for %d, and %d allocated for %d", c.piece, more, looked, moreAllocated, allocated)
			}
		}
	}
	for _, unit := range hostile {
		t.Run(unit, func(t *testing.T) {
			grows(t, func(size int) string { return strings.Repeat(unit, size/len(unit)) })
		})
	}
	for name, make := range map[string]func(size int) string{
		"one code span":            func(n int) string { return "`" + strings.Repeat("[1] ", n/4) + "`" },
		"a tick, then empty lines": func(n int) string { return "`" + strings.Repeat("[1]", n/6) + strings.Repeat("\n", n/2) },
		"a long citation":          func(n int) string { return "` [" + strings.Repeat("1-3,", n/8) + "9]" + strings.Repeat("a", n/2) },
		"a fence in a quote":       func(n int) string { return "> ```\n" + strings.Repeat("> [1]\n", n/6) },
		"a destination of spaces":  func(n int) string { return "[x](" + strings.Repeat(" ", n) + ")" },
		"a long delimiter row":     func(n int) string { return "`a|<b>`\n" + strings.Repeat("-", n) },
		"a line behind a bar":      func(n int) string { return "`a|<b>` " + strings.Repeat("<b>", n/3) },
		"a long address":           func(n int) string { return "https://a.b/" + strings.Repeat("é", n/2) },
	} {
		t.Run(name, func(t *testing.T) { grows(t, make) })
	}
}

func TestACitationAddsNoMoreThanTheSources(t *testing.T) {
	f := markdown.New(markdown.Rules{Sources: 3, Known: func(string) bool { return false }})
	if got := f.Add("["+strings.Repeat("1-3, ", 30)+"9]") + f.Close(); got != "[1, 2, 3]" {
		t.Errorf("got %.100q of %d bytes", got, len(got))
	}
}

func TestOnlySoManyAddressesAreLookedFor(t *testing.T) {
	for _, piece := range []int{1 << 20, 7} {
		asked := map[string]bool{}
		f := markdown.New(markdown.Rules{Known: func(address string) bool { asked[address] = true; return true }})
		var said strings.Builder
		for n := range 2000 {
			fmt.Fprintf(&said, "https://a.example/%d [z](https://b.example/%d) ", n, n)
		}
		out := ""
		for part := range slices.Chunk([]byte(said.String()), piece) {
			out += f.Add(string(part))
		}
		out += f.Close()
		if n := len(asked); n > 1000 || n < 500 {
			t.Errorf("%d addresses were looked for", n)
		}
		if links := strings.Count(out, "](https://b"); links != 500 {
			t.Errorf("%d links are left", links)
		}
	}
}

func TestLongAddressesAreTheSameInPieces(t *testing.T) {
	for _, size := range []int{2046, 2047, 2048, 2049, 2050, 5000} {
		for _, s := range []string{"https://a.example/" + strings.Repeat("x", size-18), "<https://a.example/" + strings.Repeat("x", size-18) + ">", "[a](https://a.example/" + strings.Repeat("x", size-20) + ")", "https://" + strings.Repeat("é", size/2), strings.Repeat("!", size/32) + "[a](x)"} {
			want, _ := whole(s + " end")
			f := markdown.New(rules())
			got := ""
			for _, b := range []byte(s + " end") {
				got += f.Add(string([]byte{b}))
			}
			if got += f.Close(); got != want {
				t.Errorf("%d bytes %.20q: pieces gave\n%.100q…%q, the whole\n%.100q…%q", size, s, got, got[max(0, len(got)-30):], want, want[max(0, len(want)-30):])
			}
		}
	}
}
