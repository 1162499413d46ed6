package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"parley/modules/corpora/corporafx"
)

type extractCmd struct {
	File string `arg:"" help:"The file to read." type:"existingfile"`
}

// Run prints the blocks of text that the index would see, one JSON object a
// line, and at the end the warnings, the time and the memory that reading took.
func (e extractCmd) Run(ctx context.Context) error {
	c, err := settings()
	if err != nil {
		return err
	}
	executable, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding this program: %w", err)
	}
	file, err := os.Open(e.File)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	return corporafx.Report(ctx, corporafx.Settings{
		MaxBytes: int64(c.MaxUpload), Child: []string{executable, childCommand}, CacheDir: toolCacheDir(c.DataDir),
	}, file, info.Size(), filepath.Base(e.File), os.Stdout)
}

// cacheDir is where a server keeps what it can make again.
func cacheDir(dataDir string) string { return filepath.Join(dataDir, "cache") }

// toolCacheDir is that of the server when there is one; a command that only
// reads a file makes no data directory.
func toolCacheDir(dataDir string) string {
	if info, err := os.Stat(dataDir); err == nil && info.IsDir() {
		return cacheDir(dataDir)
	}
	if dir, err := os.UserCacheDir(); err == nil {
		return filepath.Join(dir, "parley")
	}
	return ""
}
