package modelstub

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"sync"
)

// Transport has h answer requests without a network. In a bubble of
// testing/synctest a server that hangs or is slow then costs no time, and a
// busy machine makes nobody late.
func Transport(h http.Handler) http.RoundTripper { return transport{h} }

type transport struct{ handler http.Handler }

// RoundTrip implements http.RoundTripper.
func (t transport) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, gone := context.WithCancel(req.Context())
	reader, writer := io.Pipe()
	w := &responseWriter{header: http.Header{}, begun: make(chan struct{}), body: writer}
	leave := context.AfterFunc(ctx, func() { _ = writer.CloseWithError(ctx.Err()) })
	go func() {
		served := req.Clone(ctx)
		if served.Body == nil {
			served.Body = http.NoBody
		}
		t.handler.ServeHTTP(w, served)
		w.WriteHeader(http.StatusOK)
		_ = writer.Close()
	}()
	select {
	case <-w.begun:
	case <-req.Context().Done():
		gone()
		return nil, req.Context().Err()
	}
	return &http.Response{
		StatusCode: w.status, Status: http.StatusText(w.status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, ContentLength: -1,
		Header: w.header, Request: req, Body: body{reader, func() { leave(); gone() }},
	}, nil
}

// body tells the handler when the client has gone.
type body struct {
	*io.PipeReader
	gone func()
}

// Close implements io.Closer.
func (b body) Close() error {
	b.gone()
	return b.PipeReader.Close()
}

type responseWriter struct {
	header http.Header
	once   sync.Once
	status int
	begun  chan struct{} // closed once status is set
	body   *io.PipeWriter
}

// Header implements http.ResponseWriter.
func (w *responseWriter) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter.
func (w *responseWriter) WriteHeader(status int) {
	w.once.Do(func() {
		w.status = status
		close(w.begun)
	})
}

// Write implements http.ResponseWriter.
func (w *responseWriter) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(b)
}

// Flush implements http.Flusher: nothing is held back.
func (w *responseWriter) Flush() { w.WriteHeader(http.StatusOK) }

// Hijack implements http.Hijacker. Closing the connection cuts the answer off.
func (w *responseWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	w.WriteHeader(http.StatusOK)
	conn, _ := net.Pipe()
	return cut{conn, w.body}, nil, nil
}

type cut struct {
	net.Conn
	body *io.PipeWriter
}

// Close implements net.Conn.
func (c cut) Close() error { return c.body.CloseWithError(io.ErrUnexpectedEOF) }
