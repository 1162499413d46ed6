package archtest

import (
	"fmt"
	"go/ast"
	"go/token"
	"regexp"
	"strconv"
	"strings"
)

var (
	madeTable  = regexp.MustCompile(`(?i)\bCREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?"?([a-z_0-9]+)`)
	namedTable = regexp.MustCompile(`\b(?:TABLE(?:\s+IF(?:\s+NOT)?\s+EXISTS)?|INTO|UPDATE|FROM|JOIN|REFERENCES|INDEX\s+[a-z_0-9]+\s+ON)\s+"?([a-z][a-z_0-9]*)`)
	namedIndex = regexp.MustCompile(`\bINDEX\s+(?:IF(?:\s+NOT)?\s+EXISTS\s+)?([a-z][a-z_0-9]*)`)
	bunTable   = regexp.MustCompile(`bun:"table:([a-z_0-9]+)`)
	word       = regexp.MustCompile(`[a-z][a-z_0-9]*_[a-z_0-9]+`)
)

// tables checks that a module's statements name its own tables alone, in its
// migrations and in the strings of its code, tests included.
func tables(t *tree) []complaint {
	owners := map[string]string{} // of every table there is
	var out []complaint
	for _, s := range t.sql {
		for _, m := range madeTable.FindAllStringSubmatch(s.text, -1) {
			owners[m[1]] = s.owner
		}
		for number, line := range strings.Split(s.text, "\n") {
			line, _, _ = strings.Cut(line, "--")
			names := append(namedTable.FindAllStringSubmatch(line, -1), namedIndex.FindAllStringSubmatch(line, -1)...)
			for _, m := range names {
				if !strings.HasPrefix(m[1], s.owner+"_") {
					out = append(out, complaint{file: s.path, line: number + 1, rule: "tables", text: fmt.Sprintf("%s does not begin with %s_", m[1], s.owner)})
				}
			}
		}
	}
	prefixes := map[string]bool{}
	for _, o := range owners {
		prefixes[o] = true
	}
	for _, p := range t.packages {
		z := zoneOf(p.path)
		if z.kind == command || z.kind == kernel {
			continue // the platform's own tables are kept apart below
		}
		own := ownerOf(p.path)
		for _, f := range p.files {
			if z.module == "" && f.test {
				continue // tests of the machinery make tables up
			}
			ast.Inspect(f.ast, func(n ast.Node) bool {
				l, ok := n.(*ast.BasicLit)
				if !ok || l.Kind != token.STRING {
					return true
				}
				text, err := strconv.Unquote(l.Value)
				if err != nil {
					return true
				}
				for _, name := range foreign(text, own, owners, prefixes) {
					out = append(out, t.at(f, l.Pos(), "tables", "%s is not a table of %s", name, own))
				}
				return true
			})
		}
	}
	return out
}

// foreign are the tables in a string that belong to somebody else.
func foreign(text, own string, owners map[string]string, prefixes map[string]bool) []string {
	var out []string
	for _, name := range word.FindAllString(text, -1) {
		if o := owners[name]; o != "" && o != own {
			out = append(out, name)
		}
	}
	for _, m := range namedTable.FindAllStringSubmatch(text, -1) {
		if prefix, _, _ := strings.Cut(m[1], "_"); prefix != own && prefix != m[1] && prefixes[prefix] && owners[m[1]] == "" {
			out = append(out, m[1])
		}
	}
	for _, m := range bunTable.FindAllStringSubmatch(text, -1) {
		if !strings.HasPrefix(m[1], own+"_") && owners[m[1]] == "" {
			out = append(out, m[1])
		}
	}
	return out
}

// migrations checks that every file has its opposite and a number of its own,
// and that the numbers ascend as text, too, for so they are applied.
func migrations(t *tree) []complaint {
	form := regexp.MustCompile(`^(.*/)([0-9]+)_[a-z0-9_]+\.tx\.(up|down)\.sql$`)
	there, numbers := map[string]bool{}, map[string]string{}
	for _, s := range t.sql {
		there[s.path] = true
	}
	var out []complaint
	for _, s := range t.sql {
		bad := func(text string) {
			out = append(out, complaint{file: s.path, line: 1, rule: "migrations", text: text})
		}
		m := form.FindStringSubmatch(s.path)
		if m == nil {
			bad("a migration is named <number>_<what>.tx.up.sql or .tx.down.sql")
			continue
		}
		opposite := strings.TrimSuffix(s.path, m[3]+".sql") + map[string]string{"up": "down", "down": "up"}[m[3]] + ".sql"
		if !there[opposite] {
			bad(opposite + " is missing")
		}
		key := m[1] + m[2] + m[3]
		if other := numbers[key]; other != "" {
			bad("its number is that of " + other)
		}
		numbers[key] = s.path
		for path := range there {
			if o := form.FindStringSubmatch(path); o != nil && o[1] == m[1] && o[2] > m[2] && number(o[2]) < number(m[2]) {
				bad("as text its number comes before " + o[2] + ", and it is applied before; after 9 comes 91")
				break
			}
		}
		if strings.TrimSpace(s.text) == "" {
			bad("it does nothing")
		}
	}
	return out
}

// number reads what a pattern has made sure of.
func number(digits string) int {
	n, _ := strconv.Atoi(digits)
	return n
}

// tags checks the bun tags of rows. On SQLite a bulk insert drops columns
// with default or nullzero when the first row's value is zero; ids and times
// come from Go.
func tags(t *tree) []complaint {
	var out []complaint
	for _, p := range t.packages {
		for _, f := range p.files {
			ast.Inspect(f.ast, func(n ast.Node) bool {
				field, ok := n.(*ast.Field)
				if !ok || field.Tag == nil {
					return true
				}
				for _, option := range strings.Split(bunTag(field.Tag), ",") {
					if option == "nullzero" || option == "autoincrement" || strings.HasPrefix(option, "default:") {
						out = append(out, t.at(f, field.Tag.Pos(), "tags", "%q drops columns of a bulk insert", option))
					}
				}
				return true
			})
		}
	}
	return out
}
