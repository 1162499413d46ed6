package core

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"path"
	"strings"
	"unicode/utf8"

	"parley/modules/corpora"
	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/audit"
	"parley/platform/kernel/blob"
	"parley/platform/kernel/page"
	"parley/platform/kernel/text"
	"parley/platform/kernel/uow"
)

// maxDocuments bounds the documents of one corpus.
const maxDocuments = 1_000_000

// maxName bounds a document's name, in characters.
const maxName = 255

// Stored is an upload whose bytes are kept and whose row is not made yet.
type Stored struct {
	Key    string
	Size   int64
	SHA256 string
	// Blank reports whether the upload was only white space.
	Blank bool
}

// MayUpload answers the corpus when the caller may add documents to it. It is
// asked before the first byte of an upload is read.
func (s *Service) MayUpload(ctx context.Context, who actor.Actor, corpusID int64) (Corpus, error) {
	return s.authorize(ctx, who, corpusID, access.Edit)
}

// Keep stores the bytes of an upload as they arrive.
func (s *Service) Keep(ctx context.Context, r io.Reader) (Stored, error) {
	sum := sha256.New()
	blank := &blankCheck{blank: true}
	key, size, err := s.Files.Put(ctx, io.TeeReader(r, io.MultiWriter(sum, blank)))
	if err != nil {
		return Stored{}, err
	}
	return Stored{Key: key, Size: size, SHA256: hex.EncodeToString(sum.Sum(nil)), Blank: blank.blank}, nil
}

// Discard removes the bytes of an upload that came to nothing.
func (s *Service) Discard(ctx context.Context, u Stored) {
	if err := s.Files.Delete(context.WithoutCancel(ctx), u.Key); err != nil {
		s.Log.WarnContext(ctx, "removing a discarded upload failed; its file remains", "key", u.Key, "error", err)
	}
}

// blankCheck notices anything but white space.
type blankCheck struct{ blank bool }

// Write implements io.Writer.
func (b *blankCheck) Write(p []byte) (int, error) {
	b.blank = b.blank && strings.TrimSpace(string(p)) == ""
	return len(p), nil
}

// The kinds of documents.
const (
	fileType = "file"
	textType = "text"
	linkType = "weblink"
)

// NewDocument describes an upload.
type NewDocument struct {
	Stored
	Kind           string // "file", which is meant by "", "text" or "weblink"
	Name           string // "" when none is given
	FileName       string // of a file
	Title          string // for a text without a name: its beginning
	Link           string // of a weblink; nothing is stored then
	Tags           []string
	Description    string
	UploadFrom     string
	AllowDuplicate bool
}

// source puts what an upload brings into a document, which waits to be indexed
// then, and answers the name that it claims.
func (n NewDocument) source(d *Document) (name string, err error) {
	given := clean(n.Name)
	d.ContentType, d.Size, d.SHA256, d.BlobKey = cmp.Or(n.Kind, fileType), n.Size, n.SHA256, n.Key
	d.Step, d.FailureReason, d.PageCount, d.Charset, d.ETag, d.LastModified = Pending, nil, nil, "", "", ""
	switch n.Kind {
	case linkType:
		link, err := checkLink(n.Link)
		if err != nil {
			return "", err
		}
		d.Source, d.MimeType, name = link, "text/html", link
		d.Name = cmp.Or(given, d.Name, clipped(link))
	case textType:
		if n.Blank {
			return "", ErrBlank
		}
		d.Source, d.MimeType, name = "text", "text/plain", given
		d.Name = cmp.Or(given, d.Name, clean(n.Title), "Untitled")
	default:
		d.Source, d.MimeType = clean(n.FileName), "application/octet-stream"
		name = cmp.Or(given, d.Source)
		d.Name = cmp.Or(name, d.Name, "Untitled")
	}
	return name, nil
}

// AddDocument puts an upload into a corpus, where it waits to be indexed.
// ErrDuplicate names the document that is there already.
func (s *Service) AddDocument(ctx context.Context, who actor.Actor, c Corpus, n NewDocument) (Document, error) {
	d := Document{
		OrganizationID: c.OrganizationID, CorpusID: c.ID, UserID: who.UserID, Tags: tidy(n.Tags), Description: n.Description, UploadFrom: n.UploadFrom,
		Audit: audit.New(who.Name(), s.Clock.Now()),
	}
	name, err := n.source(&d)
	if err != nil {
		return Document{}, err
	}
	err = s.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
		documents, err := s.Store.LockCorpus(ctx, c.ID)
		if err != nil {
			return err
		}
		if documents >= maxDocuments {
			return ErrFull
		}
		if !n.AllowDuplicate {
			if err := s.claim(ctx, &d, name, d.SHA256); err != nil {
				return err
			}
		}
		if d, err = s.Store.AddDocument(ctx, d); err != nil {
			return err
		}
		if err := s.Queue.Put(ctx, indexJob(d)); err != nil {
			return err
		}
		tx.Publish(corpora.DocumentAdded{DocumentID: d.ID, CorpusID: d.CorpusID, OrganizationID: d.OrganizationID, UserID: d.UserID})
		return nil
	})
	return d, err
}

// clean makes a name of what a client sent: its last path element, on one
// line, and not too long.
func clean(name string) string {
	name = strings.Join(strings.Fields(strings.ToValidUTF8(strings.ReplaceAll(name, "\x00", ""), "")), " ")
	if name = path.Base(strings.ReplaceAll(name, `\`, "/")); name == "." || name == "/" {
		return ""
	}
	return clipped(text.NFC(name))
}

// clipped keeps a name within its bound.
func clipped(name string) string {
	if utf8.RuneCountInString(name) > maxName {
		name = string([]rune(name)[:maxName])
	}
	return name
}

// Document answers one document of a corpus that the caller may read.
func (s *Service) Document(ctx context.Context, who actor.Actor, id int64) (Document, error) {
	return s.Store.Document(ctx, access.CorporaVisibleTo(who), id)
}

// Documents answers a corpus's documents, ordered by id.
func (s *Service) Documents(ctx context.Context, who actor.Actor, corpusID int64, f DocumentFilter, p page.Request) (page.Of[Document], error) {
	if _, err := s.authorize(ctx, who, corpusID, access.View); err != nil {
		return page.Of[Document]{}, err
	}
	f.Name = text.NFC(f.Name) // as names are
	return s.Store.DocumentsPage(ctx, corpusID, f, p)
}

// Original opens the bytes as they were uploaded. The caller closes them.
func (s *Service) Original(ctx context.Context, who actor.Actor, id int64) (Document, blob.Reader, error) {
	d, err := s.Store.Document(ctx, access.CorporaVisibleTo(who), id)
	if err != nil {
		return d, nil, err
	}
	if d.BlobKey == "" {
		return d, nil, ErrNotFetched
	}
	f, _, err := s.Files.Open(ctx, d.BlobKey)
	if errors.Is(err, blob.ErrNotFound) {
		return d, nil, ErrDocumentNotFound.WithMessage("The file of this document no longer exists.")
	}
	return d, f, err
}
