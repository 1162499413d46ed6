package openapi

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// first is the first row of the data of an answer's example in JSON, or the
// data itself when that is no list.
func first(of *huma.MediaType) any {
	if of == nil {
		return nil
	}
	answer, ok := of.Example.(map[string]any)
	if !ok {
		return nil
	}
	if list, ok := answer["data"].([]any); ok {
		if len(list) == 0 {
			return nil
		}
		return list[0]
	}
	return answer["data"]
}

// rowExample is an answer's example as comma-separated values.
func rowExample(of *huma.MediaType, columns []string) string {
	row, _ := first(of).(map[string]any)
	cells := make([]string, len(columns))
	for i, name := range columns {
		if v, there := row[name]; there && v != nil {
			cells[i] = fmt.Sprint(v)
		}
	}
	var out strings.Builder
	w := csv.NewWriter(&out)
	w.UseCRLF = true
	_ = w.WriteAll([][]string{columns, cells}) // a builder takes everything
	return out.String()
}

// lineExample is the first item of an answer's example on a line.
func lineExample(of *huma.MediaType) string {
	line, err := json.Marshal(first(of))
	if err != nil { // not of values that an example is made of
		return ""
	}
	return string(line) + "\n"
}
