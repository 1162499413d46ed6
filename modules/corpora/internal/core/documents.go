package core

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"unicode/utf8"

	"parley/modules/corpora"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/audit"
	"parley/platform/kernel/blob"
	"parley/platform/kernel/page"
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
	// Blank is whether there was nothing but white space.
	Blank bool
}

// MayUpload answers the corpus when the caller may add documents to it. It is
// asked before the first byte of an upload is read.
func (s *Service) MayUpload(ctx context.Context, who actor.Actor, corpusID int64) (Corpus, error) {
	c, err := s.Store.Corpus(ctx, readable(who), corpusID)
	if err == nil && !mayEdit(who, c) {
		err = ErrNotEditor
	}
	return c, err
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
		s.Log.WarnContext(ctx, "a discarded upload stays behind", "key", u.Key, "error", err)
	}
}

// blankCheck notices anything but white space.
type blankCheck struct{ blank bool }

// Write implements io.Writer.
func (b *blankCheck) Write(p []byte) (int, error) {
	b.blank = b.blank && strings.TrimSpace(string(p)) == ""
	return len(p), nil
}

// NewDocument describes an upload.
type NewDocument struct {
	Stored
	Name           string // "" for a text without one
	FileName       string // of a file
	IsText         bool
	Title          string // for a text without a name: its beginning
	Tags           []string
	Description    string
	UploadFrom     string
	AllowDuplicate bool
}

// AddDocument puts a stored upload into a corpus, where it waits to be
// indexed. ErrDuplicate names the document that is there already.
func (s *Service) AddDocument(ctx context.Context, who actor.Actor, c Corpus, n NewDocument) (Document, error) {
	if n.IsText && n.Blank {
		return Document{}, ErrBlank
	}
	d := Document{
		OrganizationID: c.OrganizationID, CorpusID: c.ID, UserID: who.UserID, Source: "text", ContentType: "text", MimeType: "text/plain",
		Size: n.Size, SHA256: n.SHA256, Tags: tidy(n.Tags), Description: n.Description, UploadFrom: n.UploadFrom, Step: Pending, BlobKey: n.Key,
		Audit: audit.New(who.Name(), s.Clock.Now()),
	}
	given := clean(n.Name)
	if !n.IsText {
		d.ContentType, d.MimeType, d.Source = "file", "application/octet-stream", clean(n.FileName)
		if given == "" {
			given = d.Source
		}
	}
	if d.Name = given; d.Name == "" {
		d.Name = clean(n.Title)
	}
	if d.Name == "" {
		d.Name = "Untitled"
	}
	err := s.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
		documents, err := s.Store.LockCorpus(ctx, c.ID)
		if err != nil {
			return err
		}
		if documents >= maxDocuments {
			return ErrFull
		}
		if !n.AllowDuplicate {
			same, found, err := s.Store.Same(ctx, c.ID, given, n.SHA256)
			if err != nil {
				return err
			}
			if found {
				return ErrDuplicate.WithMessage(fmt.Sprintf("Document %d of the corpus is the same by name or content; send ?allow_duplicate=true to add it all the same.", same.ID)).
					WithField("source", fmt.Sprintf("is document %d already", same.ID)).At(fmt.Sprintf("/api/document/%d", same.ID))
			}
		}
		if d, err = s.Store.AddDocument(ctx, d); err != nil {
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
	if utf8.RuneCountInString(name) > maxName {
		name = string([]rune(name)[:maxName])
	}
	return name
}

// Document answers one document of a corpus that the caller may read.
func (s *Service) Document(ctx context.Context, who actor.Actor, id int64) (Document, error) {
	return s.Store.Document(ctx, readable(who), id)
}

// Documents answers a corpus's documents, ordered by id.
func (s *Service) Documents(ctx context.Context, who actor.Actor, corpusID int64, f DocumentFilter, p page.Request) (page.Of[Document], error) {
	if _, err := s.Store.Corpus(ctx, readable(who), corpusID); err != nil {
		return page.Of[Document]{}, err
	}
	return s.Store.DocumentsPage(ctx, corpusID, f, p)
}

// Original opens the bytes as they were uploaded. The caller closes them.
func (s *Service) Original(ctx context.Context, who actor.Actor, id int64) (Document, blob.Reader, error) {
	d, err := s.Store.Document(ctx, readable(who), id)
	if err != nil {
		return d, nil, err
	}
	f, _, err := s.Files.Open(ctx, d.BlobKey)
	if errors.Is(err, blob.ErrNotFound) {
		return d, nil, ErrDocumentNotFound.WithMessage("The file of this document is no longer there.")
	}
	return d, f, err
}
