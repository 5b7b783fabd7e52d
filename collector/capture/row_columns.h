// Which columns each table of rows has: the one list that writing, reading and change detection
// share. Field numbers are part of the format (FORMAT.md): append, never reuse or reorder.
//
// The asserted sizes are a tripwire: whoever adds a member to one of these structs must decide
// here how it is stored.
#pragma once

#include <array>

#include "collector/capture/columns.h"
#include "collector/model/session.h"

namespace memwatch::capture {

// Specialised below for every row type; kColumns is the list.
template <typename Row>
struct RowColumns;

template <>
struct RowColumns<model::CodeAddress> {
  using Row = model::CodeAddress;
  static_assert(sizeof(Row) == 24);
  static constexpr std::array kColumns = {
      column<Row, &Row::module>(10, Coding::delta),
      column<Row, &Row::offset>(11, Coding::delta),
      column<Row, &Row::exact>(12, Coding::plain),
  };
};

template <>
struct RowColumns<model::StackNode> {
  using Row = model::StackNode;
  static_assert(sizeof(Row) == 8);
  static constexpr std::array kColumns = {
      column<Row, &Row::parent>(10, Coding::delta),
      column<Row, &Row::address>(11, Coding::delta),
  };
};

template <>
struct RowColumns<model::Site> {
  using Row = model::Site;
  static_assert(sizeof(Row) == 96);
  static constexpr std::array kColumns = {
      column<Row, &Row::stack>(10, Coding::delta),
      column<Row, &Row::allocations>(11, Coding::plain),
      column<Row, &Row::reallocations>(12, Coding::plain),
      column<Row, &Row::allocated_bytes>(13, Coding::plain),
      column<Row, &Row::live_blocks>(14, Coding::plain),
      column<Row, &Row::live_bytes>(15, Coding::plain),
      column<Row, &Row::peak_bytes>(16, Coding::plain),
      column<Row, &Row::own_peak_bytes>(17, Coding::plain),
      column<Row, &Row::temporary>(18, Coding::plain),
      column<Row, &Row::live_deviation>(19, Coding::plain),
      column<Row, &Row::peak_deviation>(20, Coding::plain),
      column<Row, &Row::allocated_deviation>(21, Coding::plain),
  };
};

template <>
struct RowColumns<model::Failure> {
  using Row = model::Failure;
  using Situation = model::MemorySituation;
  static_assert(sizeof(Row) == 80 && sizeof(Situation) == 32);
  static constexpr std::array kColumns = {
      column<Row, &Row::function>(10, Coding::plain),
      column<Row, &Row::requested>(11, Coding::plain),
      column<Row, &Row::error_number>(12, Coding::plain),
      column<Row, &Row::count>(13, Coding::plain),
      column<Row, &Row::first_at>(14, Coding::delta),
      column<Row, &Row::injected>(15, Coding::plain),
      column<Row, &Row::stack>(16, Coding::delta),
      column<Row, &Row::situation, &Situation::rss>(17, Coding::delta),
      column<Row, &Row::situation, &Situation::cgroup_usage>(18, Coding::delta),
      column<Row, &Row::situation, &Situation::cgroup_limit>(19, Coding::delta),
      column<Row, &Row::situation, &Situation::address_space_limit>(20, Coding::delta),
  };
};

template <>
struct RowColumns<model::LargeAllocation> {
  using Row = model::LargeAllocation;
  static_assert(sizeof(Row) == 40);
  static constexpr std::array kColumns = {
      column<Row, &Row::function>(10, Coding::plain),
      column<Row, &Row::requested>(11, Coding::plain),
      column<Row, &Row::address>(12, Coding::delta),
      column<Row, &Row::at>(13, Coding::delta),
      column<Row, &Row::tid>(14, Coding::delta),
      column<Row, &Row::stack>(15, Coding::delta),
  };
};

template <>
struct RowColumns<model::ThreadTotals> {
  using Row = model::ThreadTotals;
  static_assert(sizeof(Row) == 72 + sizeof(std::string));
  static constexpr std::array kColumns = {
      column<Row, &Row::tid>(10, Coding::delta),
      // field 11 holds the names, which are no words: see row_block.h
      column<Row, &Row::allocations>(12, Coding::plain),
      column<Row, &Row::frees>(13, Coding::plain),
      column<Row, &Row::reallocations>(14, Coding::plain),
      column<Row, &Row::allocated_bytes>(15, Coding::plain),
      column<Row, &Row::freed_bytes>(16, Coding::plain),
      column<Row, &Row::temporary>(17, Coding::plain),
      column<Row, &Row::failed>(18, Coding::plain),
      column<Row, &Row::allocated_deviation>(19, Coding::plain),
  };
};

template <>
struct RowColumns<model::TimelineSample> {
  using Row = model::TimelineSample;
  static_assert(sizeof(Row) == 136);
  static constexpr std::array kColumns = {
      column<Row, &Row::at>(10, Coding::delta),
      column<Row, &Row::live_bytes>(11, Coding::delta),
      column<Row, &Row::live_blocks>(12, Coding::delta),
      column<Row, &Row::mapped_bytes>(13, Coding::delta),
      column<Row, &Row::allocations>(14, Coding::delta),
      column<Row, &Row::rss>(15, Coding::delta),
      column<Row, &Row::pss>(16, Coding::delta),
      column<Row, &Row::vms>(17, Coding::delta),
      column<Row, &Row::shared>(18, Coding::delta),
      column<Row, &Row::data>(19, Coding::delta),
      column<Row, &Row::stack>(20, Coding::delta),
      column<Row, &Row::swap>(21, Coding::delta),
      column<Row, &Row::minor_faults>(22, Coding::delta),
      column<Row, &Row::major_faults>(23, Coding::delta),
      column<Row, &Row::cgroup_usage>(24, Coding::delta),
      column<Row, &Row::cgroup_limit>(25, Coding::delta),
      column<Row, &Row::psi_some_avg10>(26, Coding::delta),
  };
};

template <>
struct RowColumns<model::LeakRow> {
  using Row = model::LeakRow;
  static_assert(sizeof(Row) == 32);
  static constexpr std::array kColumns = {
      column<Row, &Row::stack>(10, Coding::delta),
      column<Row, &Row::kind>(11, Coding::plain),
      column<Row, &Row::owner>(12, Coding::delta),
      column<Row, &Row::suppression>(13, Coding::plain),
      column<Row, &Row::blocks>(14, Coding::plain),
      column<Row, &Row::bytes>(15, Coding::plain),
  };
};

template <>
struct RowColumns<model::HeapEpoch> {
  using Row = model::HeapEpoch;
  static_assert(sizeof(Row) == 32);
  static constexpr std::array kColumns = {
      column<Row, &Row::end>(10, Coding::delta),
      column<Row, &Row::least_bytes>(11, Coding::delta),
      column<Row, &Row::allocated_bytes>(12, Coding::delta),
      column<Row, &Row::unknown_frees>(13, Coding::delta),
  };
};

template <>
struct RowColumns<model::SiteEpoch> {
  using Row = model::SiteEpoch;
  static_assert(sizeof(Row) == 32);
  static constexpr std::array kColumns = {
      column<Row, &Row::stack>(10, Coding::delta),
      column<Row, &Row::epoch>(11, Coding::delta),
      column<Row, &Row::least_bytes>(12, Coding::delta),
      column<Row, &Row::survived_first>(13, Coding::plain),
      column<Row, &Row::survived_second>(14, Coding::plain),
  };
};

}  // namespace memwatch::capture
