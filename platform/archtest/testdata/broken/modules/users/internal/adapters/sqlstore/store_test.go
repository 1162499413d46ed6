package sqlstore

import (
	_ "os"

	_ "github.com/gin-gonic/gin" // want homes
	_ "github.com/google/go-cmp/cmp"

	"parley/modules/chat"
	_ "parley/modules/chat/internal/core" // want zones
	_ "parley/platform/sqldb/dbtest"
)

var (
	_ = chat.RunCompleted{}
	_ chat.Runner // want events
)
