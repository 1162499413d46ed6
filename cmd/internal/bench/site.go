package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Site is a running server with its model and its content, in a directory that
// goes when it is closed.
type Site struct {
	Dir    string
	Stub   *Stub
	Server *Server
	World  *World
}

// NewSite makes the directory. Close comes after it.
func NewSite() (*Site, error) {
	dir, err := os.MkdirTemp("", "parley-bench-")
	if err != nil {
		return nil, fmt.Errorf("making a directory: %w", err)
	}
	return &Site{Dir: dir}, nil
}

// Start starts program on a database, which is SQLite's when databaseURL is
// empty, and fills it; its corpus has about so many passages.
func (s *Site) Start(ctx context.Context, program, databaseURL string, passages int) (err error) {
	if s.Stub, err = StartStub(ctx); err != nil {
		return err
	}
	data := filepath.Join(s.Dir, "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		return fmt.Errorf("making the data directory: %w", err)
	}
	if s.Server, err = StartServer(ctx, program, data, databaseURL, s.Stub.URL); err != nil {
		return err
	}
	s.World, err = MakeWorld(ctx, s.Server.Addr, passages)
	return err
}

// Close ends everything and removes the data.
func (s *Site) Close() error {
	var errs []error
	if s.Server != nil {
		errs = append(errs, s.Server.Close())
	}
	if s.Stub != nil {
		errs = append(errs, s.Stub.Close())
	}
	return errors.Join(append(errs, os.RemoveAll(s.Dir))...)
}
