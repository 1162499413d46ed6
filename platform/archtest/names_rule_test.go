package archtest

import (
	"go/ast"
	"go/token"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

func bunTag(l *ast.BasicLit) string {
	text, err := strconv.Unquote(l.Value)
	if err != nil {
		return ""
	}
	return reflect.StructTag(text).Get("bun")
}

// docs checks that every package says what it is for, and that a module's
// doc.go says what the generated list of modules shows.
func docs(t *tree) []complaint {
	var out []complaint
	for _, p := range t.packages {
		var first *file
		comment := ""
		for i, f := range p.files {
			if f.test {
				continue
			}
			if first == nil {
				first = &p.files[i]
			}
			if f.ast.Doc != nil {
				comment += f.ast.Doc.Text()
			}
		}
		if first == nil {
			continue // tests only
		}
		if !strings.HasPrefix(comment, "Package ") && !strings.HasPrefix(comment, "Command ") {
			out = append(out, t.at(*first, first.ast.Package, "docs", "%s has no comment that begins with Package or Command", p.path))
		}
		if zoneOf(p.path).kind != root {
			continue
		}
		for _, part := range []string{"Owns", "Publishes", "Consumes", "Rules"} {
			if !strings.Contains(comment, "\n"+part) {
				out = append(out, t.at(*first, first.ast.Package, "docs", "%s has no paragraph that begins with %s", p.path, part))
			}
		}
	}
	return out
}

// names checks what packages, events, consumers and error codes are called.
func names(t *tree) []complaint {
	var out []complaint
	for _, p := range t.packages {
		z := zoneOf(p.path)
		for i, f := range p.files {
			if i == 0 && slices.Contains(badNames, path.Base(p.path)) {
				out = append(out, t.at(f, f.ast.Package, "names", "%s says nothing", path.Base(p.path)))
			}
			if f.test {
				continue
			}
			ast.Inspect(f.ast, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.FuncDecl:
					if z.module != "" && n.Recv != nil && n.Name.Name == "EventName" && !namesEvent(n, z.module) {
						out = append(out, t.at(f, n.Pos(), "names", "an event's name is a literal like %s.it_happened.v1", z.module))
					}
				case *ast.CallExpr:
					switch code := errorCode(n); {
					case code == "" || contractCodes[code]:
					case z.module == "" && strings.Contains(code, "."):
						out = append(out, t.at(f, n.Pos(), "names", "the error code %s is a module's", code))
					case z.module != "" && !strings.HasPrefix(code, z.module+"."):
						out = append(out, t.at(f, n.Pos(), "names", "the error code %s does not begin with %s.", code, z.module))
					}
				case *ast.CompositeLit:
					if name := consumerName(n, z); name != "" && !strings.HasPrefix(name, z.module+".") {
						out = append(out, t.at(f, n.Pos(), "names", "the consumer %s does not begin with %s.", name, z.module))
					}
				}
				return true
			})
		}
	}
	return out
}

func namesEvent(f *ast.FuncDecl, module string) bool {
	form := regexp.MustCompile(`^` + module + `\.[a-z]+(_[a-z]+)+\.v[1-9][0-9]*$`)
	if len(f.Body.List) != 1 {
		return false
	}
	r, ok := f.Body.List[0].(*ast.ReturnStmt)
	return ok && len(r.Results) == 1 && form.MatchString(literal(r.Results[0]))
}

// errorCode is the code of a call of apperr.New.
func errorCode(c *ast.CallExpr) string {
	s, ok := c.Fun.(*ast.SelectorExpr)
	if !ok || s.Sel.Name != "New" || len(c.Args) != 3 {
		return ""
	}
	if x, ok := s.X.(*ast.Ident); !ok || x.Name != "apperr" {
		return ""
	}
	return literal(c.Args[1])
}

// consumerName is the name in a value that has Handlers.
func consumerName(c *ast.CompositeLit, z zone) string {
	name, consumer := "", false
	for _, e := range c.Elts {
		kv, ok := e.(*ast.KeyValueExpr)
		if !ok || z.adapter != "consumer" {
			return ""
		}
		switch key, ok := kv.Key.(*ast.Ident); {
		case !ok:
		case key.Name == "Handlers":
			consumer = true
		case key.Name == "Name":
			name = literal(kv.Value)
		}
	}
	if !consumer {
		return ""
	}
	return name
}

func literal(e ast.Expr) string {
	l, ok := e.(*ast.BasicLit)
	if !ok || l.Kind != token.STRING {
		return ""
	}
	text, err := strconv.Unquote(l.Value)
	if err != nil {
		return ""
	}
	return text
}

// maxMethods is how much one module may ask of another through one interface.
const maxMethods = 5

// narrow checks the interfaces that modules publish.
func narrow(t *tree) []complaint {
	var out []complaint
	for _, p := range t.packages {
		if zoneOf(p.path).kind != root {
			continue
		}
		for _, f := range p.files {
			ast.Inspect(f.ast, func(n ast.Node) bool {
				if s, ok := n.(*ast.TypeSpec); ok {
					if i, ok := s.Type.(*ast.InterfaceType); ok && i.Methods.NumFields() > maxMethods {
						out = append(out, t.at(f, s.Pos(), "narrow", "%s has %d methods, more than %d", s.Name.Name, i.Methods.NumFields(), maxMethods))
					}
				}
				return true
			})
		}
	}
	return out
}
