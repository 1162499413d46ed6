package segment

import (
	"encoding/binary"
	"errors"
	"math/bits"
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
	if c.i < len(c.b) && c.b[c.i] < more { // nearly all
		n := int64(c.b[c.i])
		c.i++
		return n>>1 ^ -(n & 1)
	}
	var one [1]int64
	c.Fill(one[:])
	return one[0]
}

// Fill reads the next numbers, as many as it is given room for; past the end they
// are 0.
func (c *Column) Fill(numbers []int64) {
	b, i := c.b, c.i
	for k := range numbers {
		if i >= len(b) {
			clear(numbers[k:])
			break
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
		numbers[k] = int64(n>>1) ^ -int64(n&1)
	}
	c.i = i
}

// Ascend is Fill of differences: each number is added to those before it. It is
// given the last number before them, and answers the last of them.
func (c *Column) Ascend(numbers []int64, last int64) int64 {
	c.Fill(numbers)
	for k, n := range numbers {
		last += n
		numbers[k] = last
	}
	return last
}

// more marks a byte of a number that others follow; mores are eight of it.
const (
	more  = 0x80
	mores = 0x8080808080808080
)

// Skip passes over n numbers.
func (c *Column) Skip(n int) {
	// Each number ends with a byte that is not marked. Eight bytes are looked at
	// together as long as n ends further on.
	for c.i+8 <= len(c.b) {
		ends := bits.OnesCount64(^binary.LittleEndian.Uint64(c.b[c.i:]) & mores)
		if ends >= n {
			break
		}
		n -= ends
		c.i += 8
	}
	for ; n > 0 && c.i < len(c.b); c.i++ {
		if c.b[c.i] < more {
			n--
		}
	}
}

// count is how many numbers are left to read, up to a limit.
func (c *Column) count(limit int) (n int) {
	for i := c.i; i < len(c.b) && n < limit; i++ {
		if c.b[i] < more || i == len(c.b)-1 {
			n++
		}
	}
	return n
}

// Done reports whether all numbers are read.
func (c *Column) Done() bool { return c.i >= len(c.b) }

// columns cuts a face into n columns.
func columns(face []byte, n int) ([]Column, error) {
	out := make([]Column, n)
	return out, cut(face, n, out)
}

// cut is columns for as many of the first of them as there is room for.
func cut(face []byte, n int, out []Column) error {
	for i := range n {
		size, width := binary.Uvarint(face)
		if width <= 0 || size > uint64(len(face)-width) {
			return errCorrupt
		}
		face = face[width:]
		if i < len(out) {
			out[i] = Column{b: face[:size]}
		}
		face = face[size:]
	}
	if len(face) > 0 {
		return errCorrupt
	}
	return nil
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
