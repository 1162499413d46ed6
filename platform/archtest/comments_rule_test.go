package archtest

import (
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// statement is how a string looks that a database is sent.
var statement = regexp.MustCompile(`(?i)^\s*(?:--[^\n]*\n\s*)*(?:SELECT|INSERT|UPDATE|DELETE|WITH|CREATE|ALTER|DROP|SET|BEGIN)\s`)

// sqlComments checks that no comment in SQL has an apostrophe. pgdriver's
// formatter takes it for the beginning of a string, and what looks like a
// placeholder after it stays as it is. A test of platform/sqldb fails once that
// is repaired (pgcomment_test.go), and this rule can go.
func sqlComments(t *tree) []complaint {
	var out []complaint
	for _, s := range t.sql {
		for _, line := range quotedComments(s.text) {
			out = append(out, complaint{file: s.path, line: line, rule: "sqlcomments", text: "an apostrophe in an SQL comment begins a string for pgdriver"})
		}
	}
	for _, p := range t.packages {
		if p.path == "platform/archtest" {
			continue // the samples below are wrong on purpose
		}
		for _, f := range p.files {
			ast.Inspect(f.ast, func(n ast.Node) bool {
				l, ok := n.(*ast.BasicLit)
				if !ok || l.Kind != token.STRING {
					return true
				}
				text, err := strconv.Unquote(l.Value)
				if err != nil || !statement.MatchString(text) {
					return true
				}
				for _, line := range quotedComments(text) {
					c := t.at(f, l.Pos(), "sqlcomments", "an apostrophe in an SQL comment begins a string for pgdriver")
					if strings.HasPrefix(l.Value, "`") {
						c.line += line - 1
					}
					out = append(out, c)
				}
				return true
			})
		}
	}
	return out
}

// quotedComments are the lines, counted from one, on which a comment with an
// apostrophe begins.
func quotedComments(text string) (lines []int) {
	line := 1
	for i := 0; i < len(text); {
		var end string
		switch rest := text[i:]; {
		case strings.HasPrefix(rest, "--"):
			end = "\n"
		case strings.HasPrefix(rest, "/*"):
			end = "*/"
		case rest[0] == '\'' || rest[0] == '"':
			end = rest[:1] // doubled within, it ends and begins again
		default:
			if rest[0] == '\n' {
				line++
			}
			i++
			continue
		}
		n := strings.Index(text[i+1:], end)
		if n < 0 {
			n = len(text) - i - 1 - len(end)
		}
		part := text[i : i+1+n+len(end)]
		if (end == "\n" || end == "*/") && strings.Contains(part, "'") {
			lines = append(lines, line)
		}
		line += strings.Count(part, "\n")
		i += len(part)
	}
	return lines
}

func TestACommentWithAnApostropheIsFound(t *testing.T) {
	for text, want := range map[string][]int{
		"SELECT 1":                                         nil,
		"SELECT 'it''s -- no comment'":                     nil,
		"SELECT 1 -- it's\nFROM t":                         {1},
		"-- fine\nSELECT 1 -- fine\n-- it's":               {3},
		"/* a\n * it's\n */\nSELECT 'x' -- don't":          {1, 4},
		"SELECT '-- ' -- it's":                             {1},
		"SELECT \"a'b\" FROM t -- fine":                    nil,
		"--bun:split\nSELECT '/*' || 'it''s' -- that's it": {2},
	} {
		if got := quotedComments(text); !slices.Equal(got, want) {
			t.Errorf("%q: found on %v, want %v", text, got, want)
		}
	}
}
