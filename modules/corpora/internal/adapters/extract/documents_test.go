package extract

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// documentText is what a search finds: the text of all blocks, one a line.
func documentText(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "documents", name))
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, b := range mustExtract(t, data, name).Blocks {
		lines = append(lines, b.Text)
	}
	return strings.Join(lines, "\n")
}

func TestDocumentsAreReadRight(t *testing.T) {
	table, err := os.ReadFile("testdata/documents/expect.tsv")
	if err != nil {
		t.Fatal(err)
	}
	rows := strings.Split(strings.TrimSpace(string(table)), "\n")[1:]
	for _, row := range rows {
		cells := strings.Split(row, "\t")
		t.Run(cells[3], func(t *testing.T) {
			got := documentText(t, cells[0])
			wanted := []string{cells[1]}
			if !strings.Contains(cells[1], " | ") { // a row of a table, and no list
				wanted = strings.Split(cells[1], "|")
			}
			for _, want := range wanted {
				if !strings.Contains(got, want) {
					t.Errorf("%s: no %q in\n%s", cells[0], want, got)
				}
			}
			if cells[2] != "" && strings.Contains(got, cells[2]) {
				t.Errorf("%s: %q in\n%s", cells[0], cells[2], got)
			}
		})
	}
}

func TestRowsOfNumbersAtPageEdgesAreAllThere(t *testing.T) {
	numbers := regexp.MustCompile(`\b1\d{3}\b`).FindAllString(documentText(t, "21_number_rows_at_edges.pdf"), -1)
	slices.Sort(numbers)
	if numbers = slices.Compact(numbers); len(numbers) != 960 {
		t.Errorf("%d of 960 numbers", len(numbers))
	}
}
