package graphstub

import (
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"
)

// maxPath bounds a path, in characters after decoding.
const maxPath = 400

// address is where a request leads: an item that is there, or the place in a
// folder for one that is not.
type address struct {
	drive  *drive
	node   *node // nil: not there
	parent *node // of a missing one; nil when that is missing, too
	name   string
	rest   []string // names that are missing above name
	action string
}

// resolve reads /v1.0/drives/{id}/…, with an item by id, by path, or by a path
// from an item: root, root:/a/b, items/1, items/1:/a/b, each with an action
// behind it. Paths are decoded one segment at a time.
func (s *Server) resolve(escaped string) (a address, err error) {
	_, rest, _ := strings.Cut(escaped, "/drives/")
	id, rest, _ := strings.Cut(rest, "/")
	if id, err = url.PathUnescape(id); err != nil {
		return a, refuse(http.StatusBadRequest, "invalidRequest")
	}
	if a.drive = s.drives[id]; a.drive == nil {
		return a, errNotFound
	}
	head, below, byPath := strings.Cut(rest, ":/")
	if byPath {
		below, a.action, _ = strings.Cut(below, ":")
		a.action = strings.TrimPrefix(a.action, "/")
	} else {
		head = strings.TrimSuffix(head, ":")
	}
	segments := strings.Split(head, "/")
	switch {
	case head == "":
		a.action = "drive"
		return a, nil
	case segments[0] == "root":
		a.node, segments = a.drive.root, segments[1:]
	case segments[0] == "items" && len(segments) > 1:
		if segments[1] == "root" {
			segments[1] = a.drive.root.id
		}
		if a.node = a.drive.nodes[segments[1]]; a.node != nil && a.node.deleted {
			a.node = nil
		}
		if segments = segments[2:]; a.node == nil {
			return a, errNotFound
		}
	default:
		return a, refuse(http.StatusBadRequest, "invalidRequest")
	}
	if !byPath {
		a.action = strings.Join(segments, "/")
		return a, nil
	}
	return a, a.walk(below)
}

func (a *address) walk(below string) error {
	length := utf8.RuneCountInString(a.drive.path(a.node))
	for segment := range strings.SplitSeq(strings.Trim(below, "/"), "/") {
		name, err := url.PathUnescape(segment)
		if err != nil {
			return refuse(http.StatusBadRequest, "invalidRequest")
		}
		if name == "" {
			continue
		}
		if length += 1 + utf8.RuneCountInString(name); length > maxPath {
			return refuse(http.StatusBadRequest, "invalidRequest", "pathIsTooLong")
		}
		if a.node == nil { // one more that is missing
			a.rest, a.name = append(a.rest, a.name), name
			continue
		}
		a.parent, a.name = a.node, name
		a.node = a.drive.child(a.node.id, name)
	}
	if len(a.rest) > 0 {
		a.name = strings.Join(append(a.rest, a.name), "/")
	}
	return nil
}
