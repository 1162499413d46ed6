package extract

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
)

// mergedCell spans columns and rows, first and last; columns count from 0,
// rows from 1.
type mergedCell struct {
	left, right, top, bottom int
	text                     string
}

// maxMerged is how many merged cells of a sheet are read.
const maxMerged = 200_000

// mergedCells reads the ranges that stand behind all rows of a sheet. Only
// what follows the rows is parsed.
func (b *workbook) mergedCells(part string) ([]mergedCell, error) {
	file := b.files[strings.ToLower(part)]
	if file == nil {
		return nil, nil
	}
	r, err := file.Open()
	if err != nil {
		return nil, broken(b.what, err)
	}
	defer r.Close()
	before := b.out.inflated
	defer func() { b.out.inflated = before }() // the part is read again
	in := bufio.NewReaderSize(&inflating{r: r, out: b.out, packed: int64(file.CompressedSize64)}, 64<<10)
	if found, err := skipTo(in, []byte("mergeCells")); err != nil || !found {
		return nil, err
	}
	var out []mergedCell
	d := xml.NewDecoder(in)
	d.Strict = false
	for len(out) < maxMerged {
		tok, err := d.RawToken()
		if err != nil {
			break // the rows are read all the same
		}
		if e, ok := tok.(xml.EndElement); ok && e.Name.Local == "mergeCells" {
			break
		}
		e, ok := tok.(xml.StartElement)
		if !ok || e.Name.Local != "mergeCell" {
			continue
		}
		from, to, found := strings.Cut(strings.ToUpper(xmlAttr(e, "ref")), ":")
		m := mergedCell{left: cellColumn(from, -1), right: cellColumn(to, -1), top: cellRow(from), bottom: cellRow(to)}
		if found && m.left <= m.right && m.top <= m.bottom && m.top > 0 {
			m.right = min(m.right, maxColumns-1)
			out = append(out, m)
		}
	}
	slices.SortFunc(out, func(a, b mergedCell) int { return cmp.Or(cmp.Compare(a.top, b.top), cmp.Compare(a.left, b.left)) })
	return out, nil
}

// skipTo reads until behind the next occurrence of a word.
func skipTo(in *bufio.Reader, word []byte) (bool, error) {
	for {
		chunk, err := in.Peek(in.Size())
		if i := bytes.Index(chunk, word); i >= 0 {
			_, err := in.Discard(i + len(word))
			return true, err
		}
		if err != nil {
			if errors.Is(err, io.EOF) {
				return false, nil
			}
			if errors.Is(err, ErrTooLarge) {
				return false, err
			}
			return false, nil // damage is found when the rows are read
		}
		if _, err := in.Discard(len(chunk) - len(word) + 1); err != nil {
			return false, err
		}
	}
}

// cellRow reads "BC12" as 12, and anything else as 0.
func cellRow(ref string) int {
	n, err := strconv.Atoi(strings.TrimLeft(ref, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// fillMerged gives the value of merged cells to every place in the row that
// they cover.
func (w *sheetWriter) fillMerged() {
	w.open = slices.DeleteFunc(w.open, func(m mergedCell) bool { return m.bottom < w.number })
	for len(w.merged) > 0 && w.merged[0].top <= w.number {
		m := w.merged[0]
		w.merged = w.merged[1:]
		if m.top == w.number && m.left < len(w.cells) {
			if m.text = w.cells[m.left].text; m.text != "" {
				w.open = append(w.open, m)
			}
		}
	}
	const mostOpen = 10_000
	for _, m := range w.open[:min(len(w.open), mostOpen)] {
		for column := m.left; column <= m.right; column++ {
			w.put(column, cell{text: m.text, again: column > m.left})
		}
	}
}
