-- What wrk sends, one kind of request in each run. The variables of the environment say which.
local what, token = os.getenv("WHAT"), os.getenv("TOKEN")
local one, list, search = os.getenv("ONE"), os.getenv("LIST"), os.getenv("SEARCH")
local patients, seed = tonumber(os.getenv("PATIENTS")), tonumber(os.getenv("SEED"))
local words, logins, number = {}, {}, 0
local threads = 0

function setup(thread)
  thread:set("place", threads)
  threads = threads + 1
end

function init()
  math.randomseed(seed * 64 + place)
  headers = { ["Authorization"] = "Bearer " .. token, ["Content-Type"] = "application/json" }
  for line in io.lines(os.getenv("WORDS")) do words[#words + 1] = line end
  if what == "login" then
    for line in io.lines(os.getenv("LOGINS")) do logins[#logins + 1] = line end
  end
end

local function word(length)
  local letters = {}
  for i = 1, length do letters[i] = string.char(97 + math.random(0, 25)) end
  return table.concat(letters)
end

-- A patient whom nobody has registered yet, in the words of Frontdesk or of fastify.
local function patient()
  number = number + 1
  local own = string.format("%d.%d.%d.%s", seed, place, number, word(4))
  local first, last = word(7):gsub("^%l", string.upper), word(9):gsub("^%l", string.upper)
  local born = string.format("%d-%02d-%02d", math.random(1930, 2020), math.random(1, 12), math.random(1, 28))
  local phone = string.format("+1555%07d", math.random(0, 9999999))
  if os.getenv("BODY") == "fastify" then
    return string.format('{"first_name":"%s","last_name":"%s","email":"%s@example.org","phone":"%s","dob":"%s","gender":"female","blood_group":"O+","address":"427 Balistreri Way, Chicopee, MA 01013","medical_history":null}', first, last, own, phone, born)
  end
  return string.format('{"first_name":"%s","last_name":"%s","email":"%s@example.org","phone_number":"%s","date_of_birth":"%s","gender":"F","blood_type":"O+","address":"427 Balistreri Way","city":"Chicopee","state":"MA","zip_code":"01013","identifiers":[{"system":"insurance","value":"%s"}]}', first, last, own, phone, born, own)
end

function request()
  if what == "get" then
    return wrk.format("GET", one .. math.random(patients), headers)
  elseif what == "list" then
    return wrk.format("GET", list, headers)
  elseif what == "search" then
    return wrk.format("GET", search .. words[math.random(#words)], headers)
  elseif what == "lookup" then
    return wrk.format("GET", "/api/lookup?q=" .. words[math.random(#words)], headers)
  elseif what == "dashboard" then
    return wrk.format("GET", "/api/dashboard", headers)
  elseif what == "page" then
    return wrk.format("GET", os.getenv("PAGE"), headers)
  elseif what == "create" then
    return wrk.format("POST", list, headers, patient())
  elseif what == "login" then
    local body = logins[math.random(#logins)]
    return wrk.format("POST", "/api/auth/login", { ["Content-Type"] = "application/json" }, body)
  end
end

function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format("RESULT %d %d %.0f %.0f %.0f %d %d\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), latency.max, e.status,
    e.connect + e.read + e.write + e.timeout))
end
