package archtest

import (
	"go/ast"
	"strings"
)

// watched checks that the API tests of a module hold every request to the events
// that it names: whoever makes a client has it watch what is published.
func watched(t *tree) []complaint {
	var out []complaint
	for _, p := range t.packages {
		if !strings.HasPrefix(zoneOf(p.path).adapter, "http") {
			continue
		}
		for _, f := range p.files {
			for _, d := range f.ast.Decls {
				fn, ok := d.(*ast.FuncDecl)
				if !ok || !f.test || calls(fn, "", "Watching") != nil {
					continue
				}
				for _, maker := range []string{"Serve", "New", "At"} {
					if made := calls(fn, "webtest", maker); made != nil {
						out = append(out, t.at(f, made.Pos(), "watched", "%s makes a client that watches no events", fn.Name.Name))
					}
				}
			}
		}
	}
	return out
}

// calls finds a call of a name, of a package or, with "", of anything.
func calls(fn *ast.FuncDecl, of, name string) (found *ast.CallExpr) {
	ast.Inspect(fn, func(n ast.Node) bool {
		if c, ok := n.(*ast.CallExpr); ok {
			if s, ok := c.Fun.(*ast.SelectorExpr); ok && s.Sel.Name == name {
				if x, ok := s.X.(*ast.Ident); of == "" || ok && x.Name == of {
					found = c
				}
			}
		}
		return found == nil
	})
	return found
}
