// Package judged reads judged collections, which are documents and questions
// with the documents that answer them, and measures rankings by them.
package judged

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"slices"
	"strconv"
	"strings"
)

// Document is a line of docs.jsonl.
type Document struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	Text  string `json:"text"`
}

// Query is a line of queries.jsonl.
type Query struct {
	ID   string `json:"id"`
	Text string `json:"text"`
}

// Judgments are grades by question and document. A grade above 0 is a
// document that answers the question.
type Judgments map[string]map[string]int

// Collection is a judged collection in a directory.
type Collection struct {
	files fs.FS
}

// Open answers the collection in a directory with docs.jsonl, queries.jsonl
// and one or more qrels*.tsv.
func Open(files fs.FS) Collection { return Collection{files} }

// Documents yields the documents one by one; after an error there is nothing
// more.
func (c Collection) Documents() iter.Seq2[Document, error] {
	return lines[Document](c.files, "docs.jsonl")
}

// Queries answers all questions.
func (c Collection) Queries() ([]Query, error) {
	var out []Query
	for q, err := range lines[Query](c.files, "queries.jsonl") {
		if err != nil {
			return nil, err
		}
		out = append(out, q)
	}
	return out, nil
}

func lines[T any](files fs.FS, name string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		f, err := files.Open(name)
		if err != nil {
			yield(none, err)
			return
		}
		defer func() { _ = f.Close() }() // it was read to the end, or given up
		d := json.NewDecoder(bufio.NewReaderSize(f, 1<<16))
		for n := 1; ; n++ {
			var v T
			err := d.Decode(&v)
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(none, fmt.Errorf("reading entry %d of %s: %w", n, name, err))
				return
			}
			if !yield(v, nil) {
				return
			}
		}
	}
}

// Judged is a named set of judgments.
type Judged struct {
	Name string // of its file
	Judgments
}

// Judgments answers what the files qrels*.tsv say, by name. A line has a
// question, a document and a grade; as in TREC's files, a column before the
// document is ignored, and so is a header.
func (c Collection) Judgments() ([]Judged, error) {
	names, err := fs.Glob(c.files, "qrels*.tsv")
	if err != nil || len(names) == 0 {
		return nil, errors.Join(err, errors.New("the directory has no qrels*.tsv"))
	}
	slices.Sort(names)
	var out []Judged
	for _, name := range names {
		j, err := c.judgments(name)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", name, err)
		}
		out = append(out, Judged{name, j})
	}
	return out, nil
}

func (c Collection) judgments(name string) (Judgments, error) {
	content, err := fs.ReadFile(c.files, name)
	if err != nil {
		return nil, err
	}
	out := Judgments{}
	for line := range strings.Lines(string(content)) {
		fields := strings.Fields(line)
		if len(fields) == 4 {
			fields = slices.Delete(fields, 1, 2)
		}
		if len(fields) != 3 {
			continue
		}
		grade, err := strconv.ParseFloat(fields[2], 64)
		if err != nil {
			continue // a header
		}
		if out[fields[0]] == nil {
			out[fields[0]] = map[string]int{}
		}
		out[fields[0]][fields[1]] = int(grade)
	}
	return out, nil
}
