-- Creates objects of one kind with names of their own. PREFIX starts the names, BYTES is the size of the data, OBJECT is the
-- JSON with NAME and DATA in the places of both, and NODE in that of one of NODES names "node-1" to "node-NODES".
-- COUNT: so many and no more, whatever the time.
dofile(os.getenv("LUA") .. "/result.lua")
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"

local object = string.gsub(os.getenv("OBJECT"), "DATA", string.rep("x", tonumber(os.getenv("BYTES") or "0")))
local prefix, nodes = os.getenv("PREFIX"), tonumber(os.getenv("NODES") or "0")
local limit = tonumber(os.getenv("COUNT") or "0")
local asked, created, idle = 0, 0, nil

function init()
  idle = wrk.format("GET", "/readyz")
  if limit > 0 then
    response = count_created
  end
end

function request()
  asked = asked + 1
  if limit > 0 and asked > limit + 1 then -- the very first is one that wrk only looks at
    return idle
  end
  local body = string.gsub(object, "NAME", prefix .. asked)
  if nodes > 0 then
    body = string.gsub(body, "NODE", "node-" .. (asked % nodes + 1))
  end
  return wrk.format(nil, nil, nil, body)
end

function count_created(status)
  if status == 201 then
    created = created + 1
    if created == limit then
      print("FILLED")
      io.flush()
    end
  end
end
