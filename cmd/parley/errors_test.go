package main

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// declared is one error as the source declares it.
type declared struct {
	status         int
	code, sentence string
}

// statusOf is the status of each kind, as in platform/web/errors.go.
var statusOf = map[string]int{
	"Unauthenticated": 401, "Malformed": 400, "TooLarge": 413, "UnsupportedType": 415, "Unprocessable": 422, "NotFound": 404,
	"Forbidden": 403, "Conflict": 409, "TooMany": 429, "Unavailable": 503, "Internal": 500,
}

// unsaid are the errors that no caller of the API gets.
var unsaid = []string{"chat.lease_lost"}

// ofDocuments begins the codes of what is wrong with an uploaded file. It is
// said in the document, not as an answer.
const ofDocuments = "corpora.file_"

func TestTheListOfErrorsIsTheGeneratedOne(t *testing.T) {
	all := declaredErrors(t)
	slices.SortFunc(all, func(a, b declared) int {
		return cmp.Or(cmp.Compare(a.status, b.status), strings.Compare(a.code, b.code), strings.Compare(a.sentence, b.sentence))
	})
	var answers, failures strings.Builder
	for i, e := range all {
		switch {
		case slices.Contains(unsaid, e.code):
			continue
		case strings.HasPrefix(e.code, ofDocuments):
			fmt.Fprintf(&failures, "* %s\n", e.sentence)
			continue
		case i > 0 && all[i-1].code == e.code && all[i-1].status == e.status:
			if all[i-1].sentence != e.sentence { // another cause of the same error
				fmt.Fprintf(&answers, "| | | %s |\n", e.sentence)
			}
			continue
		}
		fmt.Fprintf(&answers, "| %d | `%s` | %s |\n", e.status, e.code, e.sentence)
	}
	generated(t, "docs/api/errors.md", "# Errors\n\n"+doNotEdit+
		"Every error that the API answers. A code is stable; its sentence may be reworded, and often says more than here.\n"+
		"[README.md](README.md#errors) says what an error looks like and which check comes first.\n\n"+
		"| Status | Code | Message |\n|---|---|---|\n"+answers.String()+
		"\n## What can be wrong with a file\n\nA document that can't be read ends in step `failed`. Its `failure_reason` is one of these sentences, or says more.\n\n"+failures.String())
}

// declaredErrors reads every apperr.New of the source but that of tests.
func declaredErrors(t *testing.T) []declared {
	t.Helper()
	var all []declared
	for _, root := range []string{"../../platform", "../../modules", "../../cmd"} {
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case entry.IsDir() && entry.Name() == "testdata":
				return filepath.SkipDir
			case entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
				return nil
			}
			f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(f, func(n ast.Node) bool {
				if call, ok := n.(*ast.CallExpr); ok && isNew(call) {
					all = append(all, readNew(t, path, call))
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func isNew(call *ast.CallExpr) bool {
	f, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || f.Sel.Name != "New" {
		return false
	}
	pkg, ok := f.X.(*ast.Ident)
	return ok && pkg.Name == "apperr"
}

// readNew reads a declaration, which is written in full where it stands.
func readNew(t *testing.T, path string, call *ast.CallExpr) declared {
	t.Helper()
	kind, ok := call.Args[0].(*ast.SelectorExpr)
	texts := make([]string, 2)
	for i, arg := range call.Args[1:] {
		if sum, is := arg.(*ast.BinaryExpr); is {
			arg = sum.X // its first sentence will do
		}
		text, is := arg.(*ast.BasicLit)
		if !is {
			t.Fatalf("%s: write kind, code and sentence of an error in full", path)
		}
		var err error
		if texts[i], err = strconv.Unquote(text.Value); err != nil {
			t.Fatal(err)
		}
		texts[i] = strings.TrimSpace(texts[i])
	}
	if !ok || statusOf[kind.Sel.Name] == 0 {
		t.Fatalf("%s: the error %s has no known kind", path, texts[0])
	}
	e := declared{status: statusOf[kind.Sel.Name], code: texts[0], sentence: texts[1]}
	if e.code == "method_not_allowed" {
		e.status = 405 // the one whose status is not its kind's
	}
	if !strings.HasSuffix(e.sentence, ".") {
		t.Errorf("%s: %q is no sentence", e.code, e.sentence)
	}
	return e
}
