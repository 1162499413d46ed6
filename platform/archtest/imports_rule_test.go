package archtest

import (
	"go/ast"
	"path"
	"slices"
	"strconv"
	"strings"
)

// imports checks who imports whom.
func imports(t *tree) []complaint {
	var out []complaint
	for _, p := range t.packages {
		z := zoneOf(p.path)
		for _, f := range p.files {
			if z.kind == nowhere {
				out = append(out, t.at(f, f.ast.Package, "place", "there is no place for %s in the tree", p.path))
				continue
			}
			for _, i := range f.ast.Imports {
				imported, err := strconv.Unquote(i.Path.Value)
				if err != nil {
					continue // the compiler says so
				}
				rule, reason := "zones", ""
				switch first, _, _ := strings.Cut(imported, "/"); {
				case strings.HasPrefix(imported, module):
					if reason = inside(p.path, z, f.test, strings.TrimPrefix(imported, module)); strings.Contains(reason, "edge") {
						rule = "edges"
					}
				case strings.Contains(first, "."):
					rule, reason = "homes", atHome(p.path, f.test, imported)
				case !f.test && pure(z.kind) && slices.ContainsFunc(outside, func(o string) bool { return under(imported, o) }):
					// net/url, net/mail and the like only read strings.
					if o := strings.TrimPrefix(imported, "net/"); o == imported || slices.Contains(outside, imported) || strings.HasPrefix(o, "http/") {
						reason = "the outside world is an adapter's"
					}
				}
				if reason != "" {
					out = append(out, t.at(f, i.Pos(), rule, "%s imports %s: %s", p.path, imported, reason))
				}
			}
		}
	}
	return out
}

func pure(k kind) bool { return k == root || k == core || k == coretest || k == kernel }

func under(name, prefix string) bool { return name == prefix || strings.HasPrefix(name, prefix+"/") }

func matches(pkg, pattern string) bool {
	if above, ok := strings.CutSuffix(pattern, "/..."); ok {
		return under(pkg, above)
	}
	ok, err := path.Match(pattern, pkg)
	return ok && err == nil
}

// atHome says what is wrong about using a library; "" when nothing is.
func atHome(pkg string, test bool, imported string) string {
	if test && slices.ContainsFunc(anyTest, func(l string) bool { return under(imported, l) }) {
		return ""
	}
	library := ""
	for l := range homes {
		if under(imported, l) && len(l) > len(library) {
			library = l
		}
	}
	switch {
	case library == "":
		return "this library has no home; give it one in walls_test.go"
	case slices.ContainsFunc(homes[library], func(pattern string) bool { return matches(pkg, pattern) }):
		return ""
	}
	return "its home is " + strings.Join(homes[library], ", ")
}

// inside says what is wrong about an import within the project; "" when
// nothing is.
func inside(pkg string, z zone, test bool, imported string) string {
	to := zoneOf(imported)
	switch {
	case to.kind == command:
		return "nobody imports a command"
	case to.kind == shared && z.kind != command && z.kind != shared:
		return "only commands import what commands share"
	case z.kind == shared && to.module != "":
		return "what commands share knows no module"
	case z.kind == kernel || z.kind == platform || z.kind == shared:
		if to.module != "" {
			return "the platform knows no module"
		}
		if z.kind == kernel && !test && to.kind != kernel {
			return "the kernel stands on nothing"
		}
		if slices.Contains(onKernel, pkg) && !test && to.kind != kernel {
			return "this package stands on the kernel alone"
		}
		return ""
	case z.kind == command:
		if to.kind == wiring || to.kind == platform || to.kind == shared || to.kind == kernel || (test && to.kind == root) {
			return ""
		}
		return "a command takes modules through their fx packages"
	case to.module != "" && to.module != z.module:
		return across(z, test, to)
	case test:
		return ""
	}
	return within(pkg, z, imported, to)
}

// across is about another module.
func across(z zone, test bool, to zone) string {
	shows := z.kind == wire || (z.kind == adapter && strings.HasPrefix(z.adapter, "http"))
	switch {
	case to.kind != root && (to.kind != wire || !shows):
		return "this is another module's own"
	case z.kind == root:
		return "a contract is a leaf"
	case slices.Contains(edges[z.module], to.module):
		return ""
	case z.adapter == "consumer" || test:
		return "" // for its events; the rule named events sees to that
	}
	return "there is no edge from " + z.module + " to " + to.module + "; let it listen to an event, or add the edge"
}

// within is about the own module, the platform and the kernel.
func within(pkg string, z zone, imported string, to zone) string {
	switch {
	case to.kind == kernel || z.kind == wiring:
		return ""
	case z.kind == root:
		return "a contract stands on the kernel alone"
	case to.kind == root:
		return ""
	case z.kind == wire:
		if under(imported, "platform/web") {
			return ""
		}
		return "the shapes of a module stand on its contract and platform/web"
	case to.kind == wire && (z.kind != adapter || !strings.HasPrefix(z.adapter, "http")):
		return "only the HTTP adapters show things"
	case to.kind == wire || to.kind == core:
		return ""
	case to.kind == coretest:
		return "the contract suite is for tests"
	case z.kind == coretest && imported == "platform/storetest":
		return ""
	case z.kind == adapter && to.kind == platform:
		if slices.ContainsFunc(ofAdapter[z.adapter], func(p string) bool { return under(imported, p) }) {
			return ""
		}
		return "an adapter has one platform package of its own"
	case z.kind == adapter && (strings.HasPrefix(imported, path.Join("modules", z.module, "internal/adapters", z.adapter)+"/") || siblings[pkg] == imported):
		return ""
	case z.kind == adapter:
		return "an adapter knows the core, no other adapter"
	}
	return "the rules know no adapter and no machinery"
}

// events checks that consumers and tests take nothing but events, and the
// values in them, from modules that there is no edge to.
func events(t *tree) []complaint {
	published := map[string]map[string]bool{} // package path and name: is it a value
	for _, p := range t.packages {
		if zoneOf(p.path).kind == root {
			published[p.path] = values(p)
		}
	}
	var out []complaint
	for _, p := range t.packages {
		z := zoneOf(p.path)
		if z.module == "" {
			continue
		}
		for _, f := range p.files {
			if z.adapter != "consumer" && !f.test {
				continue // the rule about imports has seen it
			}
			foreign := map[string]string{} // name in the file to package
			for _, i := range f.ast.Imports {
				imported := strings.TrimPrefix(strings.Trim(i.Path.Value, `"`), module)
				if to := zoneOf(imported); to.kind == root && to.module != z.module && !slices.Contains(edges[z.module], to.module) {
					name := path.Base(imported)
					if i.Name != nil {
						name = i.Name.Name
					}
					foreign[name] = imported
				}
			}
			ast.Inspect(f.ast, func(n ast.Node) bool {
				s, ok := n.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				x, ok := s.X.(*ast.Ident)
				if from := foreign[identName(x, ok)]; from != "" && !published[from][s.Sel.Name] {
					out = append(out, t.at(f, s.Pos(), "events", "%s.%s is no event and no value: there is no edge from %s", x.Name, s.Sel.Name, z.module))
				}
				return true
			})
		}
	}
	return out
}

func identName(x *ast.Ident, ok bool) string {
	if !ok {
		return ""
	}
	return x.Name
}

// values are the types of a package that are no interfaces, and its constants.
func values(p *pkg) map[string]bool {
	out := map[string]bool{}
	for _, f := range p.files {
		for _, d := range f.ast.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || f.test {
				continue
			}
			for _, s := range g.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					_, asks := s.Type.(*ast.InterfaceType)
					out[s.Name.Name] = !asks
				case *ast.ValueSpec:
					for _, n := range s.Names {
						out[n.Name] = g.Tok.String() == "const"
					}
				}
			}
		}
	}
	return out
}
