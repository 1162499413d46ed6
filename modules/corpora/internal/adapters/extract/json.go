package extract

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// maxJSONDepth is far beyond what people nest.
const maxJSONDepth = 200

const (
	// jsonBlock is about how long one row of "path: value" cells becomes
	// before the next begins.
	jsonBlock = 1200
	// longJSONString is the length from which on a string is prose.
	longJSONString = 200
)

func readJSON(src source, out *builder) error {
	data, err := src.all()
	if err != nil {
		return err
	}
	text, err := out.decode(data, src.charset)
	if err != nil {
		return err
	}
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	w := &jsonWriter{dec: dec, out: out}
	for out.err == nil { // one value, or one per line
		if err := w.value("", 0); err != nil {
			if errors.Is(err, io.EOF) {
				break
			}
			return err
		}
		w.flush()
	}
	w.flush()
	return out.err
}

// jsonWriter writes each leaf as a cell "path: value", begins a new row with
// each object of an outer array, and writes long strings as paragraphs.
type jsonWriter struct {
	dec *json.Decoder
	out *builder
	// cells are the lines of the block so far, size their bytes.
	cells []string
	size  int
}

func (w *jsonWriter) value(path string, depth int) error {
	if w.out.err != nil {
		return w.out.err
	}
	if depth > maxJSONDepth {
		return tooLarge("The JSON file nests values more than %d deep.", maxJSONDepth)
	}
	tok, err := w.dec.Token()
	if err != nil {
		return w.wrap(err, depth)
	}
	delim, ok := tok.(json.Delim)
	if !ok {
		w.leaf(path, tok)
		return nil
	}
	for w.dec.More() {
		sub := path
		if delim == '{' {
			key, err := w.dec.Token()
			if err != nil {
				return w.wrap(err, depth+1)
			}
			name, _ := key.(string)
			if sub != "" {
				sub += "."
			}
			const longest = 500
			sub += oneLine(clean(name))
			sub = sub[:min(len(sub), longest)]
		}
		before := len(w.cells)
		if err := w.value(sub, depth+1); err != nil {
			return err
		}
		if depth <= 1 && delim == '[' && len(w.cells) != before+1 {
			w.flush()
		}
	}
	_, err = w.dec.Token()
	return w.wrap(err, depth+1)
}

// wrap leaves the end of the file alone where a value may end.
func (w *jsonWriter) wrap(err error, depth int) error {
	if err == nil || depth == 0 && errors.Is(err, io.EOF) {
		return err
	}
	return broken("JSON file", err)
}

func (w *jsonWriter) leaf(path string, tok json.Token) {
	var text string
	switch v := tok.(type) {
	case nil:
		return
	case string:
		if len(v) > longJSONString {
			w.flush()
			w.out.paragraph(path + ": " + v)
			return
		}
		text = oneLine(clean(v))
	case json.Number:
		text = v.String()
	case bool:
		text = strconv.FormatBool(v)
	default:
		text = fmt.Sprint(v)
	}
	if text == "" {
		return
	}
	if path != "" {
		text = path + ": " + text
	}
	w.cells = append(w.cells, text)
	if w.size += len(text); w.size >= jsonBlock {
		w.flush()
	}
}

func (w *jsonWriter) flush() {
	w.out.row(w.cells)
	w.cells, w.size = w.cells[:0], 0
}
