package sqldb

import "github.com/uptrace/bun/schema"

// Rows is a list of rows as an argument of a statement:
//
//	UPDATE t SET n = v.column2 FROM (VALUES ?) AS v WHERE t.id = v.column1
//
// Both databases name the columns column1, column2 and so on. PostgreSQL takes
// texts and numbers in them for what they are, but times for texts.
type Rows [][]any

// AppendQuery implements schema.QueryAppender.
func (r Rows) AppendQuery(gen schema.QueryGen, b []byte) ([]byte, error) {
	for i, row := range r {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = append(b, '(')
		for k, value := range row {
			if k > 0 {
				b = append(b, ", "...)
			}
			b = gen.Append(b, value)
		}
		b = append(b, ')')
	}
	return b, nil
}
