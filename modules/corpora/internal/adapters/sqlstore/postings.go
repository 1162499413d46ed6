package sqlstore

import (
	"errors"
	"maps"
	"slices"

	"parley/modules/corpora/internal/core/ranking"
)

// posting says how often a term is in a passage of a length.
type posting = ranking.Posting

// newPosting takes numbers that Entry has bounded.
func newPosting(passage int64, tf, length int) posting {
	return posting{Passage: passage, TF: int32(tf), Length: int32(length)} //nolint:gosec // at most 30,000
}

// block is a piece of a term's postings as one row: some passages of one
// document that were written together. Its id is that of the first passage.
// A row for each posting would be ten times as many to write and to read.
type block struct {
	term     string
	id       int64
	passages int
	data     string
}

// maxBlock bounds the data of a block, in bytes: PostgreSQL's indexes take
// entries of up to 2,700 bytes.
const maxBlock = 1_000

// packAll makes blocks in the order of the index.
func packAll(terms map[string][]posting) (out []block) {
	for _, term := range slices.Sorted(maps.Keys(terms)) {
		out = append(out, pack(term, terms[term])...)
	}
	return out
}

// pack makes blocks of the postings of one term. A block is its number of
// postings, its id, and then the distance to the passage before, tf and
// length of each, all as numbers of put; so blocks can be joined.
func pack(term string, postings []posting) (out []block) {
	for len(postings) > 0 {
		var body []byte
		id, n := postings[0].Passage, 0
		for last := id; n < len(postings) && len(body) < maxBlock; n++ {
			p := postings[n]
			body = put(put(put(body, p.Passage-last), int64(p.TF)), int64(p.Length))
			last = p.Passage
		}
		out = append(out, block{term, id, n, string(append(put(put(nil, int64(n)), id), body...))})
		postings = postings[n:]
	}
	return out
}

// A number is written in characters that both databases keep as text, lowest
// digit first: five bits each, and a sixth when more follow.
const (
	bits  = 5
	more  = 1 << bits
	first = '?' // to '~'
)

func put(to []byte, n int64) []byte {
	for ; n >= more; n >>= bits {
		to = append(to, byte(first+more+n&(more-1)))
	}
	return append(to, byte(first+n))
}

var errBlock = errors.New("a block of postings is not well-formed")

// unpack calls each with the postings of joined blocks, in their order.
func unpack(data string, each func(posting)) error {
	at := 0
	take := func() (n int64) {
		for shift := 0; at < len(data) && shift < 64; shift += bits {
			c := int64(data[at]) - first
			at++
			if c < 0 || c >= 2*more {
				break
			}
			n |= c & (more - 1) << shift
			if c < more {
				return n
			}
		}
		at = len(data) + 1
		return 0
	}
	for at < len(data) {
		n, passage := take(), take()
		for ; n > 0 && at < len(data); n-- {
			passage += take()
			p := newPosting(passage, int(take()), int(take()))
			if at <= len(data) {
				each(p)
			}
		}
		if n > 0 || at > len(data) {
			return errBlock
		}
	}
	return nil
}
