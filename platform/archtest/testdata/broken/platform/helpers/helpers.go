package helpers // want docs names

import (
	_ "github.com/ThreeDotsLabs/watermill" // want homes
	_ "github.com/gin-gonic/gin"           // want homes

	_ "parley/cmd/parley"    // want zones
	_ "parley/modules/users" // want zones
)
