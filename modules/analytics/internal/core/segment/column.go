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
type Column struct {
	b []byte
	i int
}

// Next answers the next number; 0 past the end.
func (c *Column) Next() int64 {
	b, i := c.b, c.i
	if i >= len(b) {
		return 0
	}
	n := uint64(b[i])
	i++
	if n >= more {
		n &= more - 1
		for shift := 7; i < len(b); shift += 7 {
			next := b[i]
			i++
			n |= uint64(next&(more-1)) << shift
			if next < more {
				break
			}
		}
	}
	c.i = i
	return int64(n>>1) ^ -int64(n&1)
}

// more marks a byte of a number that others follow.
const more = 0x80

// Skip passes over n numbers.
func (c *Column) Skip(n int) {
	for ; n > 0 && c.i < len(c.b); c.i++ {
		if c.b[c.i] < more {
			n--
		}
	}
}

// Done reports whether all numbers are read.
func (c *Column) Done() bool { return c.i >= len(c.b) }

// columns cuts a face into its columns.
func columns(face []byte, n int) ([]Column, error) {
	out := make([]Column, n)
	for i := range out {
		size, width := binary.Uvarint(face)
		if width <= 0 || size > uint64(len(face)-width) {
			return nil, errCorrupt
		}
		face = face[width:]
		out[i] = Column{b: face[:size]}
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
