package archtest

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// rules are all there are, with the names that stand in their complaints.
var rules = []struct {
	names []string
	check func(*tree) []complaint
}{
	{[]string{"place", "zones", "edges", "homes"}, imports},
	{[]string{"events"}, events},
	{[]string{"tables"}, tables},
	{[]string{"migrations"}, migrations},
	{[]string{"tags"}, tags},
	{[]string{"docs"}, docs},
	{[]string{"names"}, names},
	{[]string{"narrow"}, narrow},
	{[]string{"sqlcomments"}, sqlComments},
	{[]string{"watched"}, watched},
	{[]string{"kinds"}, kinds},
}

func complaints(t *testing.T, root string) []complaint {
	t.Helper()
	tree, err := load(root)
	if err != nil {
		t.Fatal(err)
	}
	if len(tree.packages) == 0 {
		t.Fatalf("no packages in %s", root)
	}
	var out []complaint
	for _, rule := range rules {
		out = append(out, rule.check(tree)...)
	}
	slices.SortFunc(out, func(a, b complaint) int {
		return cmp.Or(strings.Compare(a.file, b.file), cmp.Compare(a.line, b.line), strings.Compare(a.text, b.text))
	})
	return out
}

func TestTheTreeKeepsItsRules(t *testing.T) {
	for _, c := range complaints(t, "../..") {
		t.Error(c)
	}
}

// wanted is how a file of the broken tree says what is wrong on that line.
var wanted = regexp.MustCompile(`(?://|--) want (.+)$`)

func TestEveryRuleFindsWhatIsBroken(t *testing.T) {
	const root = "testdata/broken"
	var got, want []string
	for _, c := range complaints(t, root) {
		got = append(got, c.rule+" "+place(c.file, c.line))
	}
	err := filepath.WalkDir(root, func(name string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		for i, line := range strings.Split(string(text), "\n") {
			if m := wanted.FindStringSubmatch(line); m != nil {
				for _, rule := range strings.Fields(m[1]) {
					want = append(want, rule+" "+place(filepath.ToSlash(relative), i+1))
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("complaints (- expected, + made):\n%s", diff)
	}
	for _, rule := range rules {
		for _, name := range rule.names {
			if !slices.ContainsFunc(want, func(w string) bool { return strings.HasPrefix(w, name+" ") }) {
				t.Errorf("nothing in %s breaks the rule %s", root, name)
			}
		}
	}
}

func TestTheSynchronousEdgesFormNoCycle(t *testing.T) {
	if c := cycle(edges); c != nil {
		t.Errorf("the modules wait for each other: %s", strings.Join(c, " → "))
	}
	broken := map[string][]string{"a": {"b"}, "b": {"c", "d"}, "d": {"a"}}
	if c := cycle(broken); len(c) != 4 {
		t.Errorf("the cycle a → b → d → a was not found: %v", c)
	}
}

func TestAnalyticsLivesOnEventsAlone(t *testing.T) {
	if to := edges["analytics"]; len(to) > 0 {
		t.Errorf("analytics asks %v", to)
	}
	for from, to := range edges {
		if slices.Contains(to, "analytics") {
			t.Errorf("%s asks analytics", from)
		}
	}
}

func TestEveryEdgeIsBetweenModules(t *testing.T) {
	for from, all := range edges {
		for _, m := range append(slices.Clone(all), from) {
			if _, err := os.Stat(filepath.Join("../../modules", m, "doc.go")); err != nil {
				t.Errorf("the edges name %s: %v", m, err)
			}
		}
	}
}

// cycle is a way through the edges that comes back to where it began.
func cycle(edges map[string][]string) []string {
	var visit func(way []string) []string
	visit = func(way []string) []string {
		for _, to := range edges[way[len(way)-1]] {
			if i := slices.Index(way, to); i >= 0 {
				return append(slices.Clone(way[i:]), to)
			}
			if found := visit(append(slices.Clone(way), to)); found != nil {
				return found
			}
		}
		return nil
	}
	for from := range edges {
		if found := visit([]string{from}); found != nil {
			return found
		}
	}
	return nil
}

func place(file string, line int) string { return fmt.Sprintf("%s:%d", file, line) }
