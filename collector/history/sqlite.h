// SQLite's connection and statements with owners and Results. Internal to the history; one thread.
// Source of the calls' meaning: https://www.sqlite.org/c3ref/intro.html
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "collector/base/result.h"

namespace memwatch::history {

struct CloseDatabase {
  void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
};
using Database = std::unique_ptr<sqlite3, CloseDatabase>;

// "write the history: PATH: why". Kind damaged where the file is no database or broken.
Error database_error(const std::string& attempted, sqlite3* database);

// Statements without values, one after another.
Result<void> execute(sqlite3* database, const std::string& attempted, const std::string& sql);

class Statement {
 public:
  static Result<Statement> prepare(sqlite3* database, std::string attempted, const char* sql);

  Statement& bind(int index, std::int64_t value);
  Statement& bind(int index, std::uint64_t value);
  Statement& bind(int index, const std::optional<std::uint64_t>& value);
  Statement& bind(int index, const std::string& text);

  // True: there is a row. Afterwards the statement is at its beginning again, with no values.
  Result<bool> step();
  Result<void> run();  // to the end, rows passed over

  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] std::optional<std::uint64_t> optional(int column) const;
  [[nodiscard]] std::string text(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  std::string attempted_;
};

// Rolled back unless committed.
class Transaction {
 public:
  static Result<Transaction> begin(sqlite3* database, const std::string& attempted);
  Transaction(Transaction&& other) noexcept;
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  Result<void> commit();

 private:
  Transaction(sqlite3* database, std::string attempted)
      : database_(database), attempted_(std::move(attempted)) {}
  sqlite3* database_;
  std::string attempted_;
};

}  // namespace memwatch::history
