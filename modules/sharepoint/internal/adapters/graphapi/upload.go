package graphapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"parley/modules/sharepoint/internal/core"
)

// How files are sent. A fragment is a multiple of 320 KiB and under 60 MiB.
const (
	fragmentSize = 16 * 320 << 10
	maxSmall     = 4 << 20 // bytes of a file that is sent in one request
	maxSessions  = 3       // that are tried for one file
)

// Upload implements core.Writer. What it answers is read back, since SharePoint
// changes Office files while it stores them.
func (c *Client) Upload(ctx context.Context, u core.Upload) (core.Entry, error) {
	driveID, parent := splitID(u.ParentID)
	target := func(rest string) string {
		if parent == "" {
			return c.url(driveID, "", ":/"+url.PathEscape(u.Name)+":"+rest)
		}
		return c.url(driveID, parent, ":/"+url.PathEscape(u.Name)+":"+rest)
	}
	conflict := "fail"
	if u.FileID != "" {
		var file string
		driveID, file = splitID(u.FileID)
		target = func(rest string) string { return c.url(driveID, file, rest) }
		conflict = "replace"
	} else if _, err := c.Entry(ctx, u.ParentID); err != nil {
		return core.Entry{}, err // Graph would make the folder
	}
	content := &source{content: u.Content}
	defer content.end()
	var stored item
	var err error
	if u.Size <= maxSmall {
		stored, err = c.send(ctx, driveID, target("/content?@microsoft.graph.conflictBehavior="+conflict), u, content)
	} else {
		stored, err = c.sendLarge(ctx, driveID, target("/createUploadSession"), conflict, u, content)
	}
	if err != nil {
		return core.Entry{}, err
	}
	return c.Entry(ctx, driveID+"/"+stored.ID)
}

func (c *Client) send(ctx context.Context, driveID, at string, u core.Upload, content *source) (stored item, err error) {
	q := call{method: http.MethodPut, url: at, drive: driveID, content: content, size: u.Size, header: http.Header{"Content-Type": {"application/octet-stream"}}}
	if u.IfMatch != "" {
		q.header.Set("If-Match", u.IfMatch)
	}
	q.once = u.FileID == "" || u.IfMatch != "" // the second try would meet the first
	r, err := c.do(ctx, q)
	if err != nil {
		return stored, err
	}
	return stored, readItem(r, &stored)
}

func readItem(r *http.Response, into *item) error {
	defer r.Body.Close()
	if err := json.NewDecoder(io.LimitReader(r.Body, maxAnswer)).Decode(into); err != nil {
		return core.Unavailable("reading what was stored", err)
	}
	return nil
}

// errSessionLost answers fragments of a session that SharePoint doesn't know
// any more.
var errSessionLost = errors.New("the upload session is gone")

// sendLarge sends a file in fragments. A session that gets lost is begun anew.
func (c *Client) sendLarge(ctx context.Context, driveID, at, conflict string, u core.Upload, content *source) (item, error) {
	for session := 1; ; session++ {
		stored, err := c.session(ctx, driveID, at, conflict, u, content)
		if !errors.Is(err, errSessionLost) {
			return stored, err
		}
		if session == maxSessions {
			return stored, core.Unavailable("sending a file", err)
		}
	}
}

func (c *Client) session(ctx context.Context, driveID, at, conflict string, u core.Upload, content *source) (stored item, err error) {
	body, err := json.Marshal(map[string]any{"item": map[string]any{"@microsoft.graph.conflictBehavior": conflict, "fileSize": u.Size}})
	if err != nil {
		return stored, fmt.Errorf("packing an upload: %w", err)
	}
	q := call{method: http.MethodPost, url: at, drive: driveID, body: body, header: http.Header{"Content-Type": {"application/json"}}}
	if u.IfMatch != "" {
		q.header.Set("If-Match", u.IfMatch)
	}
	r, err := c.do(ctx, q)
	if err != nil {
		return stored, err
	}
	var opened struct {
		URL string `json:"uploadUrl"`
	}
	err = json.NewDecoder(io.LimitReader(r.Body, maxAnswer)).Decode(&opened)
	r.Body.Close()
	if err != nil || opened.URL == "" {
		return stored, core.Unavailable("opening an upload session", errors.Join(err, errors.New("it has no URL")))
	}
	stored, err = c.fragments(ctx, opened.URL, u.Size, content)
	if err != nil && !errors.Is(err, errSessionLost) {
		// The session keeps what was sent, and nobody will ask for it.
		_ = c.json(context.WithoutCancel(ctx), call{method: http.MethodDelete, url: opened.URL, plain: true, once: true}, nil)
	}
	return stored, err
}

// maxRepeats bounds how often one fragment is sent.
const maxRepeats = 6

// fragments sends one after the other. Without credentials, since the URL is
// enough, and more is refused.
func (c *Client) fragments(ctx context.Context, at string, total int64, content *source) (stored item, err error) {
	repeats := 0
	for position := int64(0); ; {
		size := min(fragmentSize, total-position)
		q := call{method: http.MethodPut, url: at, plain: true, once: true, content: content, start: position, size: size, header: http.Header{
			"Content-Range": {fmt.Sprintf("bytes %d-%d/%d", position, position+size-1, total)},
		}}
		r, err := c.do(ctx, q)
		var f *failure
		switch {
		case err == nil && r.StatusCode != http.StatusAccepted:
			return stored, readItem(r, &stored)
		case err == nil:
			r.Body.Close()
			position, repeats = position+size, 0
			if position < total {
				continue
			}
			err = errors.New("it is complete and not stored")
			return stored, core.Unavailable("sending a file", err)
		case errors.As(err, &f) && f.status == http.StatusNotFound:
			return stored, errSessionLost
		case errors.Is(err, core.ErrStorageFull), ctx.Err() != nil,
			errors.As(err, &f) && f.status != http.StatusRequestedRangeNotSatisfiable && f.status < http.StatusInternalServerError:
			return stored, err
		}
		// Nobody knows how much has arrived: the server is asked.
		if repeats++; repeats > maxRepeats {
			return stored, err
		}
		if position, err = c.position(ctx, at); err != nil {
			return stored, err
		}
	}
}

// position is where an upload goes on.
func (c *Client) position(ctx context.Context, at string) (int64, error) {
	var state struct {
		Next []string `json:"nextExpectedRanges"`
	}
	err := c.json(ctx, call{method: http.MethodGet, url: at, plain: true}, &state)
	if errors.Is(err, core.ErrNotFound) {
		return 0, errSessionLost
	}
	if err != nil {
		return 0, err
	}
	if len(state.Next) == 0 {
		return 0, errSessionLost
	}
	first, _, _ := strings.Cut(state.Next[0], "-")
	position, err := strconv.ParseInt(first, 10, 64)
	if err != nil || position < 0 {
		return 0, core.Unavailable("resuming an upload", fmt.Errorf("%q is no range", state.Next[0]))
	}
	return position, nil
}
