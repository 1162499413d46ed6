package graphstub

import (
	"strings"
)

// What others do in a drive, without the API.

// at walks a path of names in a drive. s.mu is locked.
func (s *Server) at(driveID, path string) (*drive, *node) {
	d := s.drives[driveID]
	n := d.root
	for name := range strings.SplitSeq(path, "/") {
		if n != nil && name != "" {
			n = d.child(n.id, name)
		}
	}
	return d, n
}

// AddNotebook puts a OneNote notebook, with a section in it, below a path.
func (s *Server) AddNotebook(driveID, path, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, in := s.at(driveID, path)
	book := d.add(&node{parent: in.id, name: name, notebook: true}, s.clock.Now())
	d.add(&node{parent: book.id, name: "Section.one", content: []byte("notes")}, s.clock.Now())
}

// SetReaders gives the item at a path readers of its own; none takes them away.
func (s *Server) SetReaders(driveID, path string, readers ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, n := s.at(driveID, path)
	n.readers = readers
	d.touch(n)
}

// Files are the contents of all files of a drive, by path, without what is in
// notebooks.
func (s *Server) Files(driveID string) map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.drives[driveID]
	out := map[string]string{}
	for _, n := range d.nodes {
		if parent := d.nodes[n.parent]; !n.deleted && !n.folder && !n.notebook && !parent.notebook {
			out[d.path(n)] = string(n.content)
		}
	}
	return out
}
