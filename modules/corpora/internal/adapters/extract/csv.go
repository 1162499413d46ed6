package extract

import (
	"encoding/csv"
	"errors"
	"io"
	"strings"
)

func readCSV(src source, out *builder) error {
	data, err := src.all()
	if err != nil {
		return err
	}
	text, err := out.decode(data, src.charset)
	if err != nil {
		return err
	}
	text = lineFeeds(text)
	// Some programs say which delimiter they use.
	delimiter := rune(0)
	if first, rest, ok := strings.Cut(text, "\n"); ok {
		first = strings.TrimSpace(first)
		if len(first) == 5 && strings.EqualFold(first[:4], "sep=") {
			delimiter, text = rune(first[4]), rest
		}
	}
	if delimiter == 0 {
		delimiter, _ = csvDelimiter(text[:min(len(text), headSize)])
	}
	if delimiter == 0 {
		delimiter = ','
	}
	r := csv.NewReader(strings.NewReader(text))
	r.Comma, r.LazyQuotes, r.FieldsPerRecord, r.ReuseRecord = delimiter, true, -1, true
	r.TrimLeadingSpace = delimiter != '\t' // a quote may stand behind it; empty fields of a tab-separated file are no space
	table := &tableWriter{out: out}
	for out.err == nil {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			table.end()
			return out.err
		}
		if err != nil {
			return broken("CSV file", err)
		}
		table.row(cellsOf(cells))
	}
	return out.err
}
