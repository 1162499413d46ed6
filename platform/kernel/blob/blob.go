// Package blob is the port behind which files are kept: the originals of
// uploaded documents.
package blob

import (
	"context"
	"errors"
	"io"
)

// ErrNotFound answers a key under which nothing is kept.
var ErrNotFound = errors.New("blob: nothing is kept under this key")

// Reader is an open file. Random access is what archives and PDF need.
type Reader interface {
	io.ReadCloser
	io.ReaderAt
}

// Store keeps files under keys that it makes up itself.
type Store interface {
	// Put keeps everything that r holds and answers the key and the size in
	// bytes. After an error nothing is kept.
	Put(ctx context.Context, r io.Reader) (key string, size int64, err error)
	// Open answers a file and its size, or ErrNotFound.
	Open(ctx context.Context, key string) (Reader, int64, error)
	// Delete removes a file; one that is not there is no error.
	Delete(ctx context.Context, key string) error
}
