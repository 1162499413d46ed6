package segment

import (
	"encoding/binary"
	"errors"
)

// errCorrupt answers bytes that are no face.
var errCorrupt = errors.New("the segment is damaged")

// appendColumn appends numbers, with the length of their bytes before them.
func appendColumn(b []byte, column []int64) []byte {
	packed := make([]byte, 0, 2*len(column))
	for _, n := range column {
		packed = binary.AppendVarint(packed, n)
	}
	b = binary.AppendUvarint(b, uint64(len(packed)))
	return append(b, packed...)
}

// Column is numbers to be read in order.
type Column struct{ b []byte }

// Next answers the next number; 0 past the end.
func (c *Column) Next() int64 {
	if len(c.b) > 0 && c.b[0] < 0x80 {
		n := c.b[0]
		c.b = c.b[1:]
		return int64(n>>1) ^ -int64(n&1)
	}
	n, size := binary.Varint(c.b)
	if size <= 0 {
		c.b = nil
		return 0
	}
	c.b = c.b[size:]
	return n
}

// Done reports whether all numbers are read.
func (c *Column) Done() bool { return len(c.b) == 0 }

// columns cuts a face into its columns.
func columns(face []byte, n int) ([]Column, error) {
	out := make([]Column, n)
	for i := range out {
		size, width := binary.Uvarint(face)
		if width <= 0 || size > uint64(len(face)-width) {
			return nil, errCorrupt
		}
		face = face[width:]
		out[i] = Column{face[:size]}
		face = face[size:]
	}
	if len(face) > 0 {
		return nil, errCorrupt
	}
	return out, nil
}

// differences of an ascending column, which are small.
func differences(column []int64) []int64 {
	out := make([]int64, len(column))
	last := int64(0)
	for i, n := range column {
		out[i] = n - last
		last = n
	}
	return out
}
