package core

import "context"

// IndexNext indexes one document and reports whether one waited.
func (s *Service) IndexNext(ctx context.Context) (bool, error) { return s.indexNext(ctx) }
