package graphstub

import (
	"cmp"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"mime"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// node is an item of a drive.
type node struct {
	id, parent, name string
	folder, notebook bool
	content          []byte
	created, changed time.Time // as the client says
	seq              int64     // of the last change
	version          int       // of anything, for the eTag
	revision         int       // of the content, for the cTag
	deleted          bool
	description      string
	readers          []string // nil: who may read the drive
}

func (n *node) etag() string { return fmt.Sprintf(`"{%s},%d"`, n.id, n.version) }
func (n *node) ctag() string { return fmt.Sprintf(`"c:{%s},%d"`, n.id, n.revision) }

// drive is a document library.
type drive struct {
	id, name string
	site     string // its id
	root     *node
	nodes    map[string]*node // deleted ones, too
	seq      int64
	epoch    int // of the tokens that are good
}

func newDrive(site, id, name string, now time.Time) *drive {
	d := &drive{site: site, id: id, name: name, nodes: map[string]*node{}}
	d.root = d.add(&node{name: "root", folder: true}, now)
	return d
}

func (d *drive) add(n *node, now time.Time) *node {
	n.id = "01" + rand.Text()
	if n.created.IsZero() {
		n.created, n.changed = now, now
	}
	d.nodes[n.id] = n
	d.touch(n)
	return n
}

// touch notes a change for delta.
func (d *drive) touch(n *node) {
	d.seq++
	n.seq = d.seq
	n.version++
}

func (d *drive) children(id string) []*node {
	var out []*node
	for _, n := range d.nodes {
		if n.parent == id && !n.deleted {
			out = append(out, n)
		}
	}
	slices.SortFunc(out, func(a, b *node) int { return cmp.Or(strings.Compare(a.name, b.name), strings.Compare(a.id, b.id)) })
	return out
}

// child finds a name in any case.
func (d *drive) child(parent, name string) *node {
	for _, n := range d.children(parent) {
		if strings.EqualFold(n.name, name) {
			return n
		}
	}
	return nil
}

func (d *drive) used() (sum int64) {
	for _, n := range d.nodes {
		if !n.deleted {
			sum += int64(len(n.content))
		}
	}
	return sum
}

func (d *drive) remove(n *node) {
	for _, c := range d.children(n.id) {
		d.remove(c)
	}
	n.deleted = true
	n.content = nil
	d.touch(n)
}

// path is that of an item within its drive, without a slash at its beginning.
func (d *drive) path(n *node) string {
	if n == d.root {
		return ""
	}
	return strings.TrimPrefix(d.path(d.nodes[n.parent])+"/"+n.name, "/")
}

func (d *drive) show() any {
	return map[string]any{
		"id": d.id, "name": d.name, "driveType": "documentLibrary", "webUrl": "https://contoso.sharepoint.com/" + url.PathEscape(d.name),
		"sharePointIds": map[string]string{"siteId": d.site},
		"quota":         map[string]any{"total": int64(1) << 40, "used": d.used(), "remaining": int64(1)<<40 - d.used(), "deleted": 0, "state": "normal"},
	}
}

// item shows a node; delta leaves out some of it.
func (d *drive) item(n *node, delta bool) map[string]any {
	m := map[string]any{
		"id": n.id, "name": n.name, "eTag": n.etag(), "cTag": n.ctag(), "size": len(n.content),
		"createdDateTime": stamp(n.created), "lastModifiedDateTime": stamp(n.changed),
		"webUrl":         "https://contoso.sharepoint.com/" + url.PathEscape(d.name) + "/" + (&url.URL{Path: d.path(n)}).EscapedPath(),
		"fileSystemInfo": map[string]string{"createdDateTime": stamp(n.created), "lastModifiedDateTime": stamp(n.changed)},
	}
	if n.description != "" {
		m["description"] = n.description
	}
	parent := map[string]any{"driveId": d.id, "driveType": "documentLibrary", "id": n.parent}
	if above := d.nodes[n.parent]; above != nil && !delta {
		parent["path"] = "/drives/" + d.id + "/root:/" + (&url.URL{Path: d.path(above)}).EscapedPath()
	}
	m["parentReference"] = parent
	switch {
	case n == d.root:
		m["root"] = map[string]any{}
		m["folder"] = map[string]any{"childCount": len(d.children(n.id))}
		m["parentReference"] = map[string]any{"driveId": d.id, "driveType": "documentLibrary"}
	case n.notebook:
		m["package"] = map[string]any{"type": "oneNote"}
	case n.folder:
		m["folder"] = map[string]any{"childCount": len(d.children(n.id))}
	default:
		m["file"] = map[string]any{
			"mimeType": cmp.Or(mime.TypeByExtension(path.Ext(n.name)), "application/octet-stream"),
			"hashes":   map[string]string{"quickXorHash": quickXor(n.content)},
		}
	}
	if delta {
		delete(m, "cTag")
	}
	if n.deleted {
		m["deleted"] = map[string]string{"state": "deleted"}
		delete(m, "name")
		delete(m, "webUrl")
	}
	return m
}

// quickXor is the hash that SharePoint gives of content: each byte is shifted
// by 11 bits more than the one before, around 160 bits, and the length is
// added at the end.
func quickXor(content []byte) string {
	const width, shift = 160, 11
	var sum [width / 8]byte
	for i, b := range content {
		at := i * shift % width
		sum[at/8] ^= b << (at % 8)
		if at%8 > 0 {
			sum[(at/8+1)%len(sum)] ^= b >> (8 - at%8)
		}
	}
	var length [8]byte
	binary.LittleEndian.PutUint64(length[:], uint64(len(content)))
	for i, b := range length {
		sum[len(sum)-len(length)+i] ^= b
	}
	return base64.StdEncoding.EncodeToString(sum[:])
}

// goodName refuses the names that SharePoint refuses.
func goodName(name string) bool {
	return name != "" && utf8.ValidString(name) && !strings.ContainsAny(name, `"*:<>?/\|`) && !strings.HasSuffix(name, ".") && strings.TrimSpace(name) == name
}
