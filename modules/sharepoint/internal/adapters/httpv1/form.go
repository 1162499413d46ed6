package httpv1

import (
	"context"
	"fmt"
	"io"
	"os"

	"parley/modules/sharepoint/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/web"
)

// spooled is the content of an upload. It waits in a temporary file, since a
// backend may have to read it more than once.
type spooled struct {
	*core.Content
	file *os.File
}

// receive reads an upload, of callers who may make one.
func receive[T any](ctx context.Context, upload *web.Multipart[T]) (s *spooled, form T, err error) {
	s = &spooled{}
	if actor.From(ctx).Level < actor.ApplicationAdmin { // the edge has seen to it; nothing is spooled for others
		return s, form, core.ErrNotAdmin
	}
	form, _, err = upload.Form(s.take)
	return s, form, err
}

func (s *spooled) take(p web.Part) error {
	file, err := os.CreateTemp("", "parley-upload-*")
	if err != nil {
		return fmt.Errorf("making a temporary file: %w", err)
	}
	s.file = file
	size, err := io.Copy(file, p)
	if err != nil {
		return err
	}
	s.Content = &core.Content{Size: size, ReadSeeker: file}
	return nil
}

// close removes the temporary file. What stays behind is the system's to clean.
func (s *spooled) close() {
	if s.file != nil {
		s.file.Close()
		_ = os.Remove(s.file.Name())
	}
}

// id is nil for what was not sent.
func id(sent int64) *int64 {
	if sent == 0 {
		return nil
	}
	return &sent
}
