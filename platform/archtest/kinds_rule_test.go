package archtest

import (
	"go/ast"
	"go/token"
)

// kindsHome is the package whose constants are the kinds of resources.
const kindsHome = "platform/kernel/actor"

// kinds checks that kinds of resources are the constants of package actor. A
// kind that is spelled as text compiles also when no decider knows it.
func kinds(t *tree) []complaint {
	var out []complaint
	for _, p := range t.packages {
		if p.path == kindsHome {
			continue
		}
		for _, f := range p.files {
			if f.test {
				continue // tests of the platform have kinds of their own
			}
			ast.Inspect(f.ast, func(n ast.Node) bool {
				if pos := spelledKind(n); pos.IsValid() {
					out = append(out, t.at(f, pos, "kinds", "a kind of resource is a constant of %s, no text", kindsHome))
				}
				return true
			})
		}
	}
	return out
}

// spelledKind is where a kind of resource stands as text: in a policy, in a
// field named Resource, in a conversion, or in a declaration.
func spelledKind(n ast.Node) token.Pos {
	var values []ast.Expr
	switch n := n.(type) {
	case *ast.CallExpr:
		s, ok := n.Fun.(*ast.SelectorExpr)
		if ok && len(n.Args) > 0 && (isName(s, "web", "On") || isName(s, "actor", "Resource") || s.Sel.Name == "Lists") {
			values = n.Args[:1]
		}
	case *ast.KeyValueExpr:
		if key, ok := n.Key.(*ast.Ident); ok && key.Name == "Resource" {
			values = []ast.Expr{n.Value}
		}
	case *ast.ValueSpec:
		if s, ok := n.Type.(*ast.SelectorExpr); ok && isName(s, "actor", "Resource") {
			values = n.Values
		}
	}
	for _, v := range values {
		if literal(v) != "" {
			return v.Pos()
		}
	}
	return token.NoPos
}

// isName reports whether an expression names what a package exports.
func isName(s *ast.SelectorExpr, pkg, name string) bool {
	x, ok := s.X.(*ast.Ident)
	return ok && x.Name == pkg && s.Sel.Name == name
}
