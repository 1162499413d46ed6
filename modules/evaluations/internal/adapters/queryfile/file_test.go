package queryfile_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"parley/modules/evaluations/internal/adapters/queryfile"
	"parley/modules/evaluations/internal/core"
)

func draft(line int, query, expected string, documents ...string) core.Draft {
	return core.Draft{Place: fmt.Sprintf("line %d", line), Query: query, ExpectedAnswer: expected, ExpectedDocuments: documents}
}

func bad(line int, problem string) core.Draft {
	return core.Draft{Place: fmt.Sprintf("line %d", line), Problem: problem}
}

func wide(text string, big bool) string {
	var out []byte
	for _, u := range utf16.Encode([]rune(text)) {
		if big {
			out = append(out, byte(u>>8), byte(u))
		} else {
			out = append(out, byte(u), byte(u>>8))
		}
	}
	return string(out)
}

func TestFilesAreReadAsPeopleSaveThem(t *testing.T) {
	const plain = "query,expected_answer\nWie groß?,Zwölf Äpfel\n"
	german := []core.Draft{draft(2, "Wie groß?", "Zwölf Äpfel")}
	for name, c := range map[string]struct {
		data, file, declared string
		want                 []core.Draft
	}{
		"UTF-8":                        {data: plain, want: german},
		"UTF-8 with a mark":            {data: "\xef\xbb\xbf" + plain, want: german},
		"UTF-16, little end first":     {data: wide("\ufeff"+plain, false), want: german},
		"UTF-16, big end first":        {data: wide("\ufeff"+plain, true), want: german},
		"UTF-16 without a mark":        {data: wide(plain, false), want: german},
		"a declared encoding":          {data: "query,expected_answer\nWie gro\xdf?,Zw\xf6lf \xc4pfel\n", declared: "text/csv; charset=iso-8859-1", want: german},
		"a declaration that is wrong":  {data: plain, declared: "text/csv; charset=iso-8859-1", want: german},
		"semicolons and CRLF":          {data: "query;expected_answer;expected_documents\r\na,b;1,5;\"x|7\"\r\n", want: []core.Draft{draft(2, "a,b", "1,5", "x", "7")}},
		"lines that end with CR alone": {data: "query,expected_answer\ra,1\rb,2\r", want: []core.Draft{draft(2, "a", "1"), draft(3, "b", "2")}},
		"tabs":                         {data: "expected_answer\tquery\n1\ta\n", file: "q.tsv", want: []core.Draft{draft(2, "a", "1")}},
		"what Excel says of itself":    {data: "sep=;\nquery;expected_answer\na;1\n", want: []core.Draft{draft(3, "a", "1")}},
		"quotes with everything": {
			data: "query,expected_answer\n\"He said \"\"no, never\"\",\nand left\",1\nb,2\n", want: []core.Draft{draft(2, "He said \"no, never\",\nand left", "1"), draft(4, "b", "2")},
		},
		"other names, order and columns": {data: "id,Question,Tag,Answer\n7,a,x,1\n", want: []core.Draft{draft(2, "a", "1")}},
		"lines without anything":         {data: "query,expected_answer\n\n,\na,1\n", want: []core.Draft{draft(4, "a", "1")}},
		"a JSON list of documents":       {data: "query,expected_answer,expected_documents\na,1,\"[\"\"x, y\"\",7]\"\n", want: []core.Draft{draft(2, "a", "1", "x, y", "7")}},
		"JSONL": {
			data: `{"query":"a","expected_answer":"1","expected_documents":[7,"x"],"id":9}` + "\r\n\n" + `{"query":"b","expected_answer":"2"}`,
			want: []core.Draft{draft(1, "a", "1", "7", "x"), draft(3, "b", "2")},
		},
		"bad lines of CSV": {
			data: "query,expected_answer\na,1,2\nb \"x\" c,1\nd\n", want: []core.Draft{
				bad(2, `has 3 columns, and the first line 2; put a text that has ',' in it in quotes`),
				bad(3, "has quotes that do not match; double a quote within a quoted text"), draft(4, "d", ""),
			},
		},
		"bad lines of JSONL": {
			file: "q.jsonl",
			data: "{\"query\":1}\n[]\n{\"query\":\"a\"}\n{\"expected_answer\":\"1\"}\n" + `{"query":"a","expected_answer":"1","expected_documents":[null]}`,
			want: []core.Draft{
				bad(1, "is no JSON object with query and expected_answer as texts"), bad(2, "is no JSON object with query and expected_answer as texts"),
				bad(3, "has no expected_answer"), bad(4, "has no query"), bad(5, "has expected_documents that are neither names nor ids"),
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := queryfile.Read([]byte(c.data), c.file, c.declared)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got, cmpopts.IgnoreUnexported(core.Draft{}), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(- want, + got)\n%s", diff)
			}
		})
	}
}

func TestAFileThatIsNoDatasetIsRefusedWithAReason(t *testing.T) {
	many := "query,expected_answer\n" + strings.Repeat("a,1\n", core.MaxQueries)
	if got, err := queryfile.Read([]byte(many), "q.csv", ""); err != nil || len(got) != core.MaxQueries {
		t.Errorf("%d queries: %v", len(got), err)
	}
	if got, err := queryfile.Read([]byte(many+",\n,\n"), "q.csv", ""); err != nil || len(got) != core.MaxQueries {
		t.Errorf("%d queries before lines without any: %v", len(got), err)
	}
	for name, c := range map[string]struct{ data, declared, want string }{
		"nothing":                {data: " \n", want: "empty"},
		"no header":              {data: "a,1\nb,2\n", want: `"a | 1"`},
		"an unknown encoding":    {data: "query,expected_answer\n\xff\xfa,1\n", declared: "text/csv; charset=klingon", want: "unknown"},
		"an undeclared encoding": {data: "query,expected_answer\ngro\xdf,1\n", want: "Save it as UTF-8"},
		"one query too many":     {data: many + "a,1\n", want: "more than 10000"},
		"too much JSONL":         {data: strings.Repeat(`{"query":"a","expected_answer":"1"}`+"\n", core.MaxQueries+1), want: "more than 10000"},
		"a workbook":             {data: "PK\x03\x04\x14\x00", want: "workbook"},
		"a broken one":           {data: "\xff\xfeq\x00\x00\xd8", want: "not in the encoding"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := queryfile.Read([]byte(c.data), "", c.declared)
			if !errors.Is(err, core.ErrBadFile) || !strings.Contains(err.Error(), c.want) {
				t.Error(err)
			}
		})
	}
}

func FuzzRead(f *testing.F) {
	for _, seed := range []string{"query,expected_answer\na,1\n", "\xff\xfeq\x00", `{"query":"a"}`, "sep=;\n\"", "query;expected_answer\n\"a;b\n"} {
		f.Add([]byte(seed), "q.csv", "text/csv; charset=windows-1252")
	}
	f.Fuzz(func(t *testing.T, data []byte, name, declared string) {
		drafts, err := queryfile.Read(data, name, declared)
		if err != nil && !errors.Is(err, core.ErrBadFile) {
			t.Error(err)
		}
		for _, d := range drafts {
			if d.Place == "" {
				t.Errorf("%+v has no place", d)
			}
		}
	})
}
