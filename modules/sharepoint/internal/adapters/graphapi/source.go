package graphapi

import (
	"errors"
	"fmt"
	"io"
	"sync"
)

// source is a file that is sent in parts, each maybe more than once. An answer
// may come before its request has been sent; what is still being sent of it
// then must not read on when the next part begins.
type source struct {
	mu      sync.Mutex
	content io.ReadSeeker
	current *part
}

// part is a piece of a source.
type part struct {
	of   *source
	left io.Reader
}

var errOvertaken = errors.New("another part of the file is being sent")

// part begins one, and ends the one before.
func (s *source) part(start, size int64) (*part, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.content.Seek(start, io.SeekStart); err != nil {
		return nil, fmt.Errorf("reading what is to be sent: %w", err)
	}
	s.current = &part{of: s, left: io.LimitReader(s.content, size)}
	return s.current, nil
}

// Read implements io.Reader.
func (p *part) Read(into []byte) (int, error) {
	p.of.mu.Lock()
	defer p.of.mu.Unlock()
	if p.of.current != p {
		return 0, errOvertaken
	}
	return p.left.Read(into)
}

// end ends the last part, so that the content may go back to its owner.
func (s *source) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current = nil
}
