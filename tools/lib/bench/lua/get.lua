-- The same request all the time; wrk sends it without asking us.
dofile(os.getenv("LUA") .. "/result.lua")
