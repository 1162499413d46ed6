package graphstub

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// position is what a token of delta says: up to which change its bearer knows
// the drive, from which change on deletions matter, and which numbering is
// meant.
type position struct {
	epoch        int
	after, start int64
	empty        bool // a page without items has been sent
	fresh        bool // from a 410
}

func (p position) token() string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d %d %d %t %t", p.epoch, p.after, p.start, p.empty, p.fresh))
}

func parsePosition(token string) (p position, ok bool) {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return p, false
	}
	_, err = fmt.Sscanf(string(raw), "%d %d %d %t %t", &p.epoch, &p.after, &p.start, &p.empty, &p.fresh)
	return p, err == nil
}

// Expire makes all tokens of a drive invalid, as after a long time.
func (s *Server) Expire(driveID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drives[driveID].epoch++
}

func (s *Server) delta(r *http.Request, a address) (reply, error) {
	d := a.drive
	if a.node != d.root {
		return nil, refuse(http.StatusBadRequest, "notSupported")
	}
	token := r.URL.Query().Get("token")
	if _, inPath, ok := strings.Cut(a.action, "token='"); ok {
		token = strings.TrimSuffix(inPath, "')")
	}
	link := func(p position) string { return base(r) + r.URL.EscapedPath() + "?token=" + url.QueryEscape(p.token()) }
	now := position{epoch: d.epoch, after: d.seq, start: d.seq}
	at := position{epoch: d.epoch, start: d.seq}
	switch token {
	case "":
	case "latest":
		return asJSON(http.StatusOK, map[string]any{"value": []any{}, "@odata.deltaLink": link(now)}), nil
	default:
		given, ok := parsePosition(token)
		if !ok || given.epoch != d.epoch {
			code := "resyncApplyDifferences"
			if s.behaviour.NewResyncCodes {
				code = "resyncChangesApplyDifferences"
			}
			p := refuse(http.StatusGone, "resyncRequired", code)
			p.location = link(position{epoch: d.epoch, start: d.seq, fresh: true})
			return nil, p
		}
		at = given
	}
	if at.fresh && at.after == 0 && !at.empty && s.behaviour.BrokenResync > 0 {
		s.behaviour.BrokenResync--
		return nil, refuse(http.StatusInternalServerError, "generalException")
	}
	if s.behaviour.EmptyPages && !at.empty {
		at.empty = true
		return asJSON(http.StatusOK, map[string]any{"value": []any{}, "@odata.nextLink": link(at)}), nil
	}
	return s.deltaPage(r, d, at, link)
}

func (s *Server) deltaPage(r *http.Request, d *drive, at position, link func(position) string) (reply, error) {
	var changed []*node
	for _, n := range d.nodes {
		hidden := s.behaviour.HidesDeletedBelow && n.deleted && d.nodes[n.parent].deleted
		if n.seq > at.after && (!n.deleted || n.seq > at.start) && !hidden {
			changed = append(changed, n)
		}
	}
	slices.SortFunc(changed, func(a, b *node) int { return cmp.Compare(a.seq, b.seq) })
	size := s.pageSize(r)
	more := len(changed) > size
	changed = changed[:min(size, len(changed))]
	items := []any{}
	show := func(n *node) any {
		i := d.item(n, true)
		if s.behaviour.TellsPaths {
			i["parentReference"] = d.item(n, false)["parentReference"]
		}
		return i
	}
	if len(changed) > 0 {
		items = append(items, show(d.root))
	}
	for i, n := range changed {
		at.after = n.seq
		if n == d.root {
			continue
		}
		if s.behaviour.Repeats && !n.deleted && i%2 == 0 {
			early := *n
			early.name, early.version = "earlier "+n.name, n.version-1
			items = append(items, show(&early))
		}
		items = append(items, show(n))
	}
	at.empty = false
	if more {
		return asJSON(http.StatusOK, map[string]any{"value": items, "@odata.nextLink": link(at)}), nil
	}
	at.after = d.seq
	return asJSON(http.StatusOK, map[string]any{"value": items, "@odata.deltaLink": link(position{epoch: d.epoch, after: d.seq, start: d.seq})}), nil
}
