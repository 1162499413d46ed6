package archtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
)

// module is the path of the Go module; packages are named relative to it.
const module = "parley/"

// tree is what the rules look at.
type tree struct {
	set      *token.FileSet
	packages []*pkg
	sql      []sqlFile
}

type pkg struct {
	path  string // such as modules/users/internal/core
	files []file
}

type file struct {
	path string // relative to the root of the tree
	test bool
	ast  *ast.File
}

// sqlFile is one file of a directory named migrations.
type sqlFile struct {
	path  string
	owner string // prefix of the tables it may name
	text  string
}

// complaint is one broken rule at one place.
type complaint struct {
	file, rule, text string
	line             int
}

func (c complaint) String() string {
	return fmt.Sprintf("%s:%d: %s: %s", c.file, c.line, c.rule, c.text)
}

// load reads every package below root, whichever system it is built for.
func load(root string) (*tree, error) {
	t := &tree{set: token.NewFileSet()}
	cmd := exec.Command("go", "list", "-e", "-json=Dir,ImportPath,GoFiles,CgoFiles,IgnoredGoFiles,TestGoFiles,XTestGoFiles", "./...")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			err = errors.New(string(exit.Stderr))
		}
		return nil, fmt.Errorf("listing packages: %w", err)
	}
	for list := json.NewDecoder(bytes.NewReader(out)); ; {
		var found struct {
			Dir, ImportPath                                              string
			GoFiles, CgoFiles, IgnoredGoFiles, TestGoFiles, XTestGoFiles []string
		}
		if err := list.Decode(&found); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("reading the list of packages: %w", err)
		}
		p := &pkg{path: strings.TrimPrefix(found.ImportPath, module)}
		for _, names := range [][]string{found.GoFiles, found.CgoFiles, found.IgnoredGoFiles, found.TestGoFiles, found.XTestGoFiles} {
			for _, name := range names {
				parsed, err := parser.ParseFile(t.set, filepath.Join(found.Dir, name), nil, parser.ParseComments|parser.SkipObjectResolution)
				if err != nil {
					return nil, fmt.Errorf("parsing: %w", err)
				}
				p.files = append(p.files, file{path: path.Join(p.path, name), test: strings.HasSuffix(name, "_test.go"), ast: parsed})
			}
		}
		t.packages = append(t.packages, p)
	}
	return t, t.loadSQL(root)
}

// loadSQL reads the migrations. That it walks every directory also tells the
// test cache of packages that appear.
func (t *tree) loadSQL(root string) error {
	return filepath.WalkDir(root, func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && name != root && (e.Name() == "testdata" || strings.HasPrefix(e.Name(), ".")):
			return fs.SkipDir
		case e.IsDir() || filepath.Base(filepath.Dir(name)) != "migrations":
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		relative = filepath.ToSlash(relative)
		t.sql = append(t.sql, sqlFile{path: relative, owner: ownerOf(path.Dir(path.Dir(relative))), text: string(text)})
		return nil
	})
}

// at is the place of a node, for a complaint.
func (t *tree) at(f file, pos token.Pos, rule, format string, args ...any) complaint {
	return complaint{file: f.path, line: t.set.Position(pos).Line, rule: rule, text: fmt.Sprintf(format, args...)}
}

// ownerOf is the prefix of the tables that belong to a package: its module's
// name, or the package's own in the platform.
func ownerOf(pkg string) string {
	if z := zoneOf(pkg); z.module != "" {
		return z.module
	}
	if o := tableOwners[pkg]; o != "" {
		return o
	}
	return path.Base(pkg)
}

// zone is where in the house a package stands.
type zone struct {
	kind    kind
	module  string
	adapter string
}

type kind string

const (
	root     kind = "root" // of a module: its contract
	core     kind = "core"
	coretest kind = "coretest"
	adapter  kind = "adapter"
	wiring   kind = "wiring"
	wire     kind = "wire" // the JSON shapes that a module publishes
	kernel   kind = "kernel"
	platform kind = "platform"
	command  kind = "command"
	shared   kind = "shared" // what commands share
	nowhere  kind = "nowhere"
)

func zoneOf(pkg string) zone {
	parts := strings.Split(pkg, "/")
	switch {
	case parts[0] == "cmd" && len(parts) > 2 && parts[1] == "internal":
		return zone{kind: shared}
	case parts[0] == "cmd" && len(parts) > 1:
		return zone{kind: command}
	case parts[0] == "platform" && len(parts) > 1:
		if parts[1] == "kernel" {
			return zone{kind: kernel}
		}
		return zone{kind: platform}
	case parts[0] != "modules" || len(parts) < 2:
		return zone{kind: nowhere}
	}
	z := zone{kind: nowhere, module: parts[1]}
	switch inside := parts[2:]; {
	case len(inside) == 0:
		z.kind = root
	case len(inside) == 1 && inside[0] == parts[1]+"fx":
		z.kind = wiring
	case len(inside) == 1 && inside[0] == parts[1]+"wire":
		z.kind = wire
	case len(inside) < 2 || inside[0] != "internal":
	case inside[1] == "core" && inside[len(inside)-1] == "coretest":
		z.kind = coretest
	case inside[1] == "core":
		z.kind = core
	case inside[1] == "adapters" && len(inside) > 2:
		z.kind, z.adapter = adapter, inside[2]
	}
	return z
}
