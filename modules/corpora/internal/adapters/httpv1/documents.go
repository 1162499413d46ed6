package httpv1

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime"
	"slices"
	"strings"
	"unicode/utf8"

	"parley/modules/corpora/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/web"
)

type documentRequest struct {
	DocumentID int64 `path:"document_id"`
}

func (a *API) document(ctx context.Context, r documentRequest) (documentView, error) {
	d, err := a.service.Document(ctx, actor.From(ctx), r.DocumentID)
	return showDocument(d), err
}

func (a *API) content(ctx context.Context, r documentRequest) (web.Download, error) {
	d, f, err := a.service.Original(ctx, actor.From(ctx), r.DocumentID)
	return web.Download{Name: d.Name, Type: contentTypeOf(d), Size: d.Size, Body: f}, err
}

// contentTypeOf is the type of a document's file. A text comes with the encoding
// that it was indexed in, so that a client reads the same.
func contentTypeOf(d core.Document) string {
	if d.Charset != "" {
		if full := mime.FormatMediaType(d.MimeType, map[string]string{"charset": d.Charset}); full != "" {
			return full
		}
	}
	return d.MimeType
}

type documentsRequest struct {
	web.ListQuery
	CorpusID int64  `path:"corpus_id"`
	Step     string `query:"step" enum:"pending,extracting,indexing,completed,failed"`
	Tag      string `query:"tag" maxLength:"200"`
	Name     string `query:"name" maxLength:"255" doc:"Part of the name."`
}

func (a *API) documents(ctx context.Context, r documentsRequest) (web.List[documentView], error) {
	found, err := a.service.Documents(ctx, actor.From(ctx), r.CorpusID, core.DocumentFilter{Step: core.Step(r.Step), Tag: r.Tag, Name: r.Name}, r.Request())
	return web.Listed(found, showDocument), err
}

// uploadForm is what the parts of an upload are.
type uploadForm struct {
	ContentType string `json:"content_type" enum:"file,text,weblink"`
	Source      []byte `json:"source" repeats:"true" doc:"The file, the text, or the http or https URL of a page, which the server fetches."`
	Name        string `json:"name,omitempty" maxLength:"16384"`
	UploadFrom  string `json:"upload_from,omitempty" maxLength:"16384"`
	UserID      string `json:"user_id,omitempty" maxLength:"100" doc:"Ignored unless it is the caller's."`
	Tags        string `json:"tags,omitempty" maxLength:"16384" doc:"Separated by commas."`
	Description string `json:"description,omitempty" maxLength:"16384"`
}

type uploadRequest struct {
	CorpusID       int64 `path:"corpus_id"`
	AllowDuplicate bool  `query:"allow_duplicate" doc:"Add a document that is there already once more."`
	Upload         web.Multipart[uploadForm]
}

// The bounds of an upload's tags, and of one tag, in characters.
const (
	maxTags = 50
	maxTag  = 200
)

// upload stores the parts as they arrive, in whatever order, and then makes
// one document of them.
func (a *API) upload(ctx context.Context, r uploadRequest) (_ documentView, err error) {
	if _, err = a.service.MayUpload(ctx, actor.From(ctx), r.CorpusID); err != nil {
		return documentView{}, err
	}
	u := upload{api: a}
	defer func() {
		if err != nil {
			u.discard(ctx)
		}
	}()
	form, _, err := r.Upload.Form(func(p web.Part) error { return u.source(ctx, p) })
	if err != nil {
		return documentView{}, err
	}
	// An upload may take long enough for its sender to lose the right to it.
	who, err := web.CallerNow(ctx)
	if err != nil {
		return documentView{}, err
	}
	corpus, err := a.service.MayUpload(ctx, who, r.CorpusID)
	if err != nil {
		return documentView{}, err
	}
	n, err := u.document(ctx, form)
	if err != nil {
		return documentView{}, err
	}
	n.AllowDuplicate = r.AllowDuplicate
	d, err := a.service.AddDocument(ctx, who, corpus, n)
	if err != nil {
		return documentView{}, err
	}
	return showDocument(d), nil
}

type upload struct {
	api      *API
	stored   *core.Stored
	fileName string
	begin    []byte // of the source
}

// source keeps the bytes. A part that repeats an earlier one is left out; two
// that differ are two documents and so two requests.
func (u *upload) source(ctx context.Context, p web.Part) error {
	begin := &head{}
	stored, err := u.api.service.Keep(ctx, io.TeeReader(p, begin))
	if err != nil {
		return err
	}
	if u.stored == nil {
		u.stored, u.fileName, u.begin = &stored, p.FileName, begin.Bytes()
		return nil
	}
	u.api.service.Discard(ctx, stored)
	if u.stored.SHA256 != stored.SHA256 || u.fileName != p.FileName {
		return web.ErrUnacceptable.WithMessage("Send one document in one request; these sources differ.").WithField("source", "is given twice with different content")
	}
	return nil
}

// head keeps the beginning of what is written to it.
type head struct{ bytes.Buffer }

const headSize = 2_000

// Write implements io.Writer.
func (h *head) Write(p []byte) (int, error) {
	h.Buffer.Write(p[:min(len(p), max(0, headSize-h.Len()))])
	return len(p), nil
}

// document is what the parts say.
func (u *upload) document(ctx context.Context, form uploadForm) (core.NewDocument, error) {
	tags := strings.Split(form.Tags, ",")
	if len(tags) > maxTags {
		return core.NewDocument{}, web.ErrUnacceptable.WithMessage(fmt.Sprintf("A document has at most %d tags.", maxTags)).WithField("tags", "has too many")
	}
	if slices.ContainsFunc(tags, func(tag string) bool { return utf8.RuneCountInString(tag) > maxTag }) {
		return core.NewDocument{}, web.ErrUnacceptable.WithMessage(fmt.Sprintf("A tag has at most %d characters.", maxTag)).
			WithField("tags", "has one that is too long")
	}
	n := core.NewDocument{
		Stored: *u.stored, Kind: form.ContentType, Name: form.Name, FileName: u.fileName, Description: form.Description, UploadFrom: form.UploadFrom, Tags: tags,
	}
	switch form.ContentType {
	case "text":
		n.Title = firstLine(u.begin)
	case "weblink": // what is kept is the page, not its address
		if n.Link = string(u.begin); n.Size > int64(len(u.begin)) {
			return core.NewDocument{}, core.ErrInvalidLink.WithField("source", "is too long")
		}
		n.Stored = core.Stored{}
		u.discard(ctx)
		u.stored = nil
	}
	return n, nil
}

// firstLine is the beginning of a text, as a name for it.
func firstLine(begin []byte) string {
	const most = 80
	line, _, _ := strings.Cut(strings.TrimSpace(strings.ToValidUTF8(string(begin), "")), "\n")
	line = strings.ReplaceAll(strings.TrimSpace(strings.TrimLeft(line, "# ")), "/", " ")
	if r := []rune(line); len(r) > most {
		line = string(r[:most-1]) + "…"
	}
	return line
}

func (u *upload) discard(ctx context.Context) {
	if u.stored != nil {
		u.api.service.Discard(ctx, *u.stored)
	}
}
