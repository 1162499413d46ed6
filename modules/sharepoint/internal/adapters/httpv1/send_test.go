package httpv1_test

import (
	"bytes"
	"mime/multipart"

	"parley/platform/bus"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/uow"
	"parley/platform/sqldb"
	"parley/platform/webtest"
)

// multipart sends fields and then content, by any method.
func (s scene) multipart(method, path string, fields map[string]string, content string) webtest.Answer {
	s.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for name, value := range fields {
		if err := w.WriteField(name, value); err != nil {
			s.t.Fatal(err)
		}
	}
	part, err := w.CreateFormFile("content", "x")
	if err == nil {
		_, err = part.Write([]byte(content))
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return s.As("ann").Send(method, path, w.FormDataContentType(), &body)
}

func sqlUnit(db *sqldb.DB) uow.Unit { return sqldb.NewUnit(db, bus.NewOutbox(db), clock.System{}) }
