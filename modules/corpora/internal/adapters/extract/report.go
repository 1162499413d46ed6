package extract

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"parley/modules/corpora/internal/core/document"
	"parley/platform/kernel/apperr"
	"parley/platform/kernel/clock"
)

// seen is one block as Report writes it.
type seen struct {
	Page     int      `json:"page,omitempty"`
	Headings []string `json:"headings"`
	Kind     string   `json:"kind"`
	Text     string   `json:"text"`
}

// summary is the last line of a report.
type summary struct {
	Title        string   `json:"title,omitempty"`
	MIME         string   `json:"mime_type,omitempty"`
	Pages        *int     `json:"pages,omitempty"`
	Blocks       int      `json:"blocks"`
	Warnings     []string `json:"warnings"`
	Code         string   `json:"code,omitempty"`
	Error        string   `json:"error,omitempty"`
	Milliseconds int64    `json:"milliseconds"`
	MemoryBytes  int64    `json:"memory_bytes"`
}

// Report reads a file as Extract does and writes its blocks to w as JSON
// lines, each with the headings that it stands under, and then a line with the
// warnings, the time and the most memory that reading took. A file that can't
// be read gives only that last line, and its error.
func (x *Extractor) Report(ctx context.Context, c clock.Clock, src io.ReaderAt, size int64, name string, w io.Writer) error {
	began := c.Now()
	doc, failed := x.Extract(ctx, src, size, document.Hint{Name: name})
	last := summary{
		Title: doc.Title, MIME: doc.MIME, Pages: doc.PageCount, Blocks: len(doc.Blocks), Warnings: doc.Warnings,
		Milliseconds: c.Now().Sub(began).Milliseconds(), MemoryBytes: peakMemory(),
	}
	if last.Warnings == nil {
		last.Warnings = []string{}
	}
	var known *apperr.Error
	if errors.As(failed, &known) {
		last.Code, last.Error = known.Code, known.Message
	}
	lines := json.NewEncoder(w)
	lines.SetEscapeHTML(false)
	var open []document.Block
	for _, block := range doc.Blocks {
		if block.Kind == document.Heading {
			for len(open) > 0 && open[len(open)-1].Level >= block.Level {
				open = open[:len(open)-1]
			}
		}
		headings := make([]string, len(open))
		for i, h := range open {
			headings[i] = h.Text
		}
		if err := lines.Encode(seen{Page: block.Page, Headings: headings, Kind: block.Kind.String(), Text: block.Text}); err != nil {
			return fmt.Errorf("writing the report: %w", err)
		}
		if block.Kind == document.Heading {
			open = append(open, block)
		}
	}
	if err := lines.Encode(last); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	if known != nil {
		return known // its cause has been told by the last line, as far as it is the owner's
	}
	return failed
}
